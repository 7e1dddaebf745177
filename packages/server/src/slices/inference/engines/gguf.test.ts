import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fakeLibrary, realLibrary } from '../../../test/gguf/library.ts';
import { writeReciter } from '../../../test/gguf/recite.ts';
import type { Engine, EngineRequest } from './engine.ts';
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
