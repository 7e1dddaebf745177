import { expect, test } from 'vitest';
import { boundsOf, streamWithin } from './bounds.ts';
import { EngineError, type Engine, type EngineRequest } from './engine.ts';

const ask = (signal = new AbortController().signal): EngineRequest => ({ model: 'm', messages: [], signal });
const usage = { inputTokens: 1, outputTokens: 1, cachedTokens: null };

/** Says `text` every turn of the event loop until it is told to stop, or `times` times. */
const talker = (text: string, times = Infinity): Engine => ({
  async stream({ signal }, onText) {
    for (let said = 0; said < times; said += 1) {
      if (signal.aborted) throw new EngineError('aborted');
      onText(text);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { finishReason: 'stop', usage, model: 'm' };
  },
});

const run = async (engine: Engine, bounds: { characters: number; wholeMs: number }, request = ask()) => {
  let text = '';
  const end = await streamWithin(engine, request, (piece) => (text += piece), bounds).catch((error: unknown) => error);
  return { text, end };
};

test('a reply within its bounds is what it was', async () => {
  const { text, end } = await run(talker('ab', 5), { characters: 10, wholeMs: 5000 });
  expect([text, end]).toEqual(['ababababab', { finishReason: 'stop', usage, model: 'm' }]);
});

test('one without an end is cut at the bound, and the call is ended', async () => {
  const { text, end } = await run(talker('abc'), { characters: 10, wholeMs: 5000 });
  expect([text, end]).toMatchObject(['abcabcabca', { finishReason: 'length' }]);
});

test('one that goes on and on has stalled, and is not tried again', async () => {
  const { end } = await run(talker('a'), { characters: 1e9, wholeMs: 50 });
  expect(end).toMatchObject({ fault: 'stalled', shown: true, retryable: false });
});

test('what somebody else ends, ends as that', async () => {
  const theirs = new AbortController();
  setTimeout(() => theirs.abort(), 20);
  const { end } = await run(talker('a'), { characters: 1e9, wholeMs: 5000 }, ask(theirs.signal));
  expect(end).toMatchObject({ fault: 'aborted' });
});

test('the bound lies far above what was asked for', () => {
  expect(boundsOf({ ...ask(), maxTokens: 16 }).characters).toBe(65_536);
  expect(boundsOf({ ...ask(), maxTokens: 32_000 }).characters).toBe(512_000);
});
