import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fuse, weightOf, type Near } from './fusion.ts';
import type { Ranked } from './ranking.ts';

const slots = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
const ranked = (list: number[], score: (i: number) => number): Ranked[] =>
  list.map((slot, i) => ({ segment: 's', slot, score: score(i), words: score(i), neighbours: 0 }));
const near = (list: number[], similarity: (i: number) => number): Near[] =>
  list.map((slot, i) => ({ segment: 's', slot, similarity: similarity(i) }));
const same = ({ marked, others }: { marked: number; others: number }) => ({
  marked: fc.constant(marked),
  others: fc.constant(others),
});
const weights = fc.double({ min: 0, max: 0.5, noNaN: true });
const down = (length: number) => (i: number) => (length - i) / (length + 1);

test('each place once, best first, between 0 and 1, and none but those given', () => {
  fc.assert(
    fc.property(slots, slots, fc.integer({ min: 1, max: 50 }), weights, (a, b, limit, weight) => {
      const fused = fuse(ranked(a, down(a.length)), near(b, down(b.length)), weight, limit);
      const found = fused.map(({ slot }) => slot);
      expect(new Set(found).size).toBe(found.length);
      expect(found.length).toBe(Math.min(limit, new Set([...a, ...b]).size));
      expect(found.every((slot) => a.includes(slot) || b.includes(slot))).toBe(true);
      for (const [i, one] of fused.entries()) {
        expect(one.score).toBeGreaterThanOrEqual(0);
        expect(one.score).toBeLessThanOrEqual(1);
        expect(one.score).toBeLessThanOrEqual(fused[i - 1]?.score ?? 1);
      }
    }),
  );
});

test('where one channel is silent the other keeps its order', () => {
  fc.assert(
    fc.property(slots, (list) => {
      expect(fuse(ranked(list, down(list.length)), [], 0, 100).map(({ slot }) => slot)).toEqual(list);
      expect(fuse([], near(list, down(list.length)), 0.5, 100).map(({ slot }) => slot)).toEqual(list);
    }),
  );
});

test('a channel to which all is the same changes no order', () => {
  fc.assert(
    fc.property(slots, slots, (a, b) => {
      const same = near([98, 99, ...b], () => 0.7);
      const found = fuse(ranked(a, down(a.length)), same, 0.5, 200).map(({ slot }) => slot);
      expect(found.slice(0, Math.max(0, a.length - 1))).toEqual(a.slice(0, -1));
    }),
  );
});

test('what leads both leads all, and the scale of neither counts', () => {
  fc.assert(
    fc.property(slots, slots, fc.double({ min: 0.1, max: 100, noNaN: true }), (a, b, factor) => {
      const first = [99, ...a];
      const second = [99, ...b];
      const once = fuse(ranked(first, down(first.length)), near(second, down(second.length)), 0.5, 100);
      expect(once[0]).toMatchObject({ slot: 99, score: 1 });
      const scaled = ranked(first, (i) => down(first.length)(i) * factor + 7);
      const again = fuse(scaled, near(second, down(second.length)), 0.5, 100);
      for (const [i, { slot, score }] of again.entries()) {
        expect(score).toBeCloseTo(once.find((one) => one.slot === slot)?.score ?? -1, 6);
        expect(score).toBeCloseTo(once[i]?.score ?? -1, 6);
      }
    }),
  );
});

test('of a first by words and a first by meaning the one by words leads', () => {
  expect(
    fuse(
      ranked([7], () => 3),
      near([1], () => 0.9),
      0.5,
      10,
    ).map(({ slot }) => slot),
  ).toEqual([7, 1]);
});

test('meaning counts half where it puts all that the words found first, nothing where it tells nothing of them', () => {
  expect(weightOf([])).toBe(0.5);
  expect(weightOf([{ marked: 100, others: 900, nearer: 90_000 }])).toBe(0.5);
  expect(weightOf([{ marked: 100, others: 900, nearer: 45_000 }])).toBeLessThan(0.05);
  expect(weightOf([{ marked: 100, others: 900, nearer: 0 }])).toBe(0);
  // Few tell little, and where the words found all there is nothing to compare with.
  expect(weightOf([{ marked: 1, others: 900, nearer: 450 }])).toBeGreaterThan(0.4);
  expect(weightOf([{ marked: 5, others: 0, nearer: 0 }])).toBe(0.5);
});

test('the weight lies between nothing and half, and grows with agreement, over all bases looked at', () => {
  const look = fc
    .record({ marked: fc.integer({ min: 0, max: 100 }), others: fc.integer({ min: 0, max: 1000 }) })
    .chain((of) => fc.record({ ...same(of), nearer: fc.integer({ min: 0, max: of.marked * of.others }) }));
  fc.assert(
    fc.property(fc.array(look, { maxLength: 4 }), (looks) => {
      const weight = weightOf(looks);
      expect(weight).toBeGreaterThanOrEqual(0);
      expect(weight).toBeLessThanOrEqual(0.5 + 1e-9);
      const whole = looks.map((one) => ({ ...one, nearer: one.marked * one.others }));
      expect(weightOf(whole)).toBeGreaterThanOrEqual(weight - 1e-9);
    }),
  );
});
