import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fakeLibrary, realLibrary } from '../../../test/gguf/library.ts';
import { writeReciter } from '../../../test/gguf/recite.ts';
import type { EmbedRequest, Engine, EngineRequest } from './engine.ts';
import { createGgufEngine } from './gguf.ts';

const library = () => fakeLibrary;
const folder = mkdtempSync(join(tmpdir(), 'rapport-gguf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileWith = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const ask = (content: string, more: Partial<EngineRequest> = {}): EngineRequest => ({
  model: 'ignored',
  messages: [{ role: 'user', content }],
  signal: new AbortController().signal,
  timeouts: { firstTokenMs: 10_000, betweenTokensMs: 1000 },
  ...more,
});
const run = async (engine: Engine, request: EngineRequest) => {
  let text = '';
  const outcome = await engine.stream(request, (more) => (text += more)).catch((error: unknown) => error);
  return { text, outcome };
};

describe('a model from a file, in a process of its own', () => {
  const engine = createGgufEngine({ path: fileWith('words.gguf', 'one two three'), library });

  test('gives text, end, usage and the name of the file', async () => {
    const { text, outcome } = await run(engine, ask('Hello'));
    const usage = { inputTokens: 1, outputTokens: 4, cachedTokens: null };
    expect([text, outcome]).toEqual(['Hello one two three', { finishReason: 'stop', usage, model: 'words.gguf' }]);
    expect((await run(engine, ask('Hello', { maxTokens: 2 }))).outcome).toMatchObject({ finishReason: 'length' });
  });

  test('replies wait for each other, and one that is stopped leaves nothing to the next', async () => {
    const controller = new AbortController();
    const stopped = engine.stream(ask('a b c d e f', { signal: controller.signal }), () => controller.abort());
    const waiting = new AbortController();
    const never = engine.stream(ask('never', { signal: waiting.signal }), () => {});
    const next = run(engine, ask('next'));
    waiting.abort();
    await expect(never).rejects.toMatchObject({ fault: 'aborted', shown: false });
    await expect(stopped).rejects.toMatchObject({ fault: 'aborted', shown: true });
    expect(await next).toMatchObject({ text: 'next one two three', outcome: { finishReason: 'stop' } });
  });

  test('a process that ends, or hangs, fails its reply; the next one has a new process', async () => {
    expect(await run(engine, ask('a !exit'))).toMatchObject({
      text: 'a ',
      outcome: { fault: 'unavailable', shown: true },
    });
    expect(await run(engine, ask('after'))).toMatchObject({ text: 'after one two three' });
    expect(await run(engine, ask('b !hang'))).toMatchObject({ text: 'b ', outcome: { fault: 'stalled', shown: true } });
    expect(await run(engine, ask('after'))).toMatchObject({ text: 'after one two three' });
    const soon = { firstTokenMs: 1500, betweenTokensMs: 1000 };
    const silent = await run(engine, ask('!hang', { timeouts: soon }));
    expect(silent.outcome).toMatchObject({ fault: 'timeout-first-token', retryable: true });
  });

  test('a file that is no model is told each time, and works once it is one', async () => {
    const path = fileWith('later.gguf', 'bad');
    const later = createGgufEngine({ path, library });
    for (const _ of [1, 2]) expect((await run(later, ask('Hi'))).outcome).toMatchObject({ fault: 'unavailable' });
    fileWith('later.gguf', 'good');
    expect((await run(later, ask('Hi'))).text).toBe('Hi good');
  });
});

test('closed, an engine finishes its reply and lets go of the model; another reply loads it again', async () => {
  const engine = createGgufEngine({ path: fileWith('closing.gguf', 'one two three'), library });
  const last = run(engine, ask('last'));
  engine.close?.();
  expect((await last).text).toBe('last one two three');
  expect((await run(engine, ask('again'))).text).toBe('again one two three');
  engine.close?.();
});

test('without the library a reply fails with a fault that says so', async () => {
  const { outcome } = await run(createGgufEngine({ path: 'x.gguf', library: () => null }), ask('Hi'));
  expect(outcome).toMatchObject({ fault: 'not-installed', retryable: false });
});

const vectorsOf = async (engine: Engine, request: EmbedRequest): Promise<Float32Array[]> =>
  (await engine.embed?.(request))?.vectors ?? [];

describe('embeddings from a file', () => {
  const file = fileWith('meaning.gguf', 'car sleep dog');
  const engine = createGgufEngine({ path: null, library });
  const embed = (texts: string[], more: Partial<EmbedRequest> = {}) =>
    vectorsOf(engine, { model: file, texts, signal: new AbortController().signal, timeoutMs: 30_000, ...more });
  afterAll(() => engine.close?.());

  test('one a text, in their order, of length 1', async () => {
    const [car, dog] = await embed(['the car', 'a dog']);
    expect([car?.length, car?.indexOf(Math.max(...(car ?? []))), dog?.indexOf(Math.max(...(dog ?? [])))]).toEqual([
      4, 0, 2,
    ]);
    expect(Math.hypot(...(car ?? []))).toBeCloseTo(1, 5);
  });

  test('the file that answers and the one that makes embeddings do not wait for each other', async () => {
    const both = createGgufEngine({ path: file, library });
    const controller = new AbortController();
    const reply = run(
      both,
      ask('!hang', { signal: controller.signal, timeouts: { firstTokenMs: 60_000, betweenTokensMs: 60_000 } }),
    );
    const request = { model: file, texts: ['dog'], signal: new AbortController().signal, timeoutMs: 30_000 };
    expect(await vectorsOf(both, request)).toHaveLength(1);
    controller.abort();
    expect((await reply).outcome).toMatchObject({ fault: 'aborted' });
    both.close?.();
  });

  test('a text that is too long, a process that ends and one that hangs are told apart; the next one works', async () => {
    await expect(embed(['word '.repeat(200)])).rejects.toMatchObject({ fault: 'context-too-long' });
    await expect(embed(['fine', '!exit'])).rejects.toMatchObject({ fault: 'unavailable' });
    await expect(embed(['!hang'], { timeoutMs: 500 })).rejects.toMatchObject({ fault: 'timeout-first-token' });
    const controller = new AbortController();
    const stopped = embed(['!hang'], { signal: controller.signal });
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ fault: 'aborted' });
    await expect(embed(['x'], { model: fileWith('none.gguf', 'bad') })).rejects.toMatchObject({ fault: 'unavailable' });
    expect(await embed(['car'])).toHaveLength(1);
  });

  test('a process that hangs is ended, also where nobody waits long enough to see it', async () => {
    const hasty = createGgufEngine({ path: null, library, oneTextMs: 4000 });
    const asked = (text: string, timeoutMs: number) =>
      vectorsOf(hasty, { model: file, texts: [text], signal: new AbortController().signal, timeoutMs });
    await expect(asked('!hang', 100)).rejects.toMatchObject({ fault: 'timeout-first-token' });
    const found = () =>
      asked('car', 900).then(
        ({ length }) => length,
        () => 0,
      );
    await expect.poll(found, { timeout: 25_000 }).toBe(1);
    hasty.close?.();
  });

  test('without a file that answers there is no reply', async () => {
    expect((await run(engine, ask('Hi'))).outcome).toMatchObject({ fault: 'not-found', retryable: false });
  });
});

test(
  'node-llama-cpp itself makes vectors of a model, and tells what is too long',
  { timeout: 180_000 },
  async (context) => {
    const real = await realLibrary(context);
    const model = join(folder, 'vectors.gguf');
    writeReciter(model, 'Any words will do, because what is looked at is one vector a text.');
    const engine = createGgufEngine({ path: null, library: () => real });
    const embed = (texts: string[]) =>
      vectorsOf(engine, { model, texts, signal: new AbortController().signal, timeoutMs: 60_000 });
    const [one, same, other] = await embed(['Any words', 'Any words', 'one vector']);
    expect(one).toHaveLength(64);
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
    await expect(embed(['words '.repeat(5000)])).rejects.toMatchObject({ fault: 'context-too-long' });
    engine.close?.();
  },
);

test('node-llama-cpp itself runs a model and stops it', { timeout: 180_000 }, async (context) => {
  const real = await realLibrary(context);
  const path = join(folder, 'recite.gguf');
  const text = 'I only recite this text, word by word, so that a real model is not needed.';
  writeReciter(path, text);
  const engine = createGgufEngine({ path, library: () => real });
  const request = { temperature: 0, timeouts: { firstTokenMs: 30_000, betweenTokensMs: 10_000 } };
  expect(await run(engine, ask('Hi', request))).toMatchObject({ text, outcome: { finishReason: 'stop' } });
  const controller = new AbortController();
  const stopped = engine.stream(ask('Hi', { ...request, signal: controller.signal }), () => controller.abort());
  await expect(stopped).rejects.toMatchObject({ fault: 'aborted' });
  const short = await run(engine, ask('Hi', { ...request, maxTokens: 3 }));
  expect(short.outcome).toMatchObject({ finishReason: 'length', usage: { outputTokens: 3 } });
  engine.close?.();
});
