import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createListener, createTypist } from './typing.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a typist is told of at the first letter, every three seconds, and at the end', () => {
  const told: boolean[] = [];
  const typist = createTypist((on) => told.push(on));
  for (let i = 0; i < 70; i += 1) {
    typist.typed('x'.repeat(i + 1));
    vi.advanceTimersByTime(100);
  }
  expect(told).toEqual([true, true, true]);
  typist.stop();
  typist.stop();
  expect(told).toEqual([true, true, true, false]);
});

test('whoever pauses, or deletes it all, types no more', () => {
  const told: boolean[] = [];
  const typist = createTypist((on) => told.push(on));
  typist.typed('a');
  vi.advanceTimersByTime(5000);
  expect(told).toEqual([true, false]);
  typist.typed('ab');
  typist.typed(' ');
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual([true, false, true, false]);
});

test('what is heard is believed until the end is heard, or for seven seconds', () => {
  const shown: boolean[] = [];
  const listener = createListener((on) => shown.push(on));
  listener.heard(true);
  vi.advanceTimersByTime(6000);
  listener.heard(true);
  vi.advanceTimersByTime(6000);
  expect(shown).toEqual([true, true]);
  vi.advanceTimersByTime(1000);
  expect(shown).toEqual([true, true, false]);
  listener.heard(true);
  listener.heard(false);
  vi.advanceTimersByTime(60_000);
  expect(shown.slice(3)).toEqual([true, false]);
});
