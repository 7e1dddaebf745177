import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../../../platform/logger.ts';
import type { Embedder } from '../../inference/embedding.ts';
import { createBackground } from './background.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const org = 'an organisation';
const made = [new Float32Array([1, 0])];

/** Answers when the test says so. */
function played() {
  const asked: PromiseWithResolvers<Float32Array[]>[] = [];
  const embedder: Embedder = {
    model: 'played',
    space: 'of this model',
    approved: true,
    hasBudget: async () => true,
    embed: () => {
      const answer = Promise.withResolvers<Float32Array[]>();
      asked.push(answer);
      return answer.promise;
    },
  };
  const backgrounds = createBackground({ log: createLogger('silent'), waitMs: 2000 });
  return { asked, of: () => backgrounds.of(org, embedder) };
}

test('a provider that hangs is waited for once, and never again until it has answered', async () => {
  const { asked, of } = played();
  const first = of();
  await vi.advanceTimersByTimeAsync(2000);
  expect(await first).toBeNull();
  // No time passes any more: each of these would hang if it waited.
  expect(await of()).toBeNull();
  asked[0]?.reject(new Error('timed out'));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await of()).toBeNull();
  await vi.advanceTimersByTimeAsync(1);
  expect(await of()).toBeNull();
  expect(asked).toHaveLength(2);
  asked[1]?.resolve(made);
  await vi.advanceTimersByTimeAsync(0);
  expect(await of()).toBe(made);
  expect(asked).toHaveLength(2);
});

test('one that answers in time is waited for, and asked once', async () => {
  const { asked, of } = played();
  const both = [of(), of()];
  await vi.advanceTimersByTimeAsync(1999);
  asked[0]?.resolve(made);
  expect(await Promise.all(both)).toEqual([made, made]);
  expect(await of()).toBe(made);
  expect(asked).toHaveLength(1);
});

test('one that fails at once is asked again after a minute, and waited for', async () => {
  const { asked, of } = played();
  const first = of();
  asked[0]?.reject(new Error('refused'));
  expect(await first).toBeNull();
  expect(await of()).toBeNull();
  await vi.advanceTimersByTimeAsync(60_001);
  const next = of();
  asked[1]?.resolve(made);
  expect(await next).toBe(made);
});
