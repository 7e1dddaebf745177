import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { meaningFloor, standingOut } from './meaning.ts';
import { relevance } from './relevance.ts';

const dimensions = 8;
const unit = (values: number[]): Float32Array => {
  const length = Math.hypot(...values) || 1;
  return Float32Array.from(values, (value) => value / length);
};
const number = fc.integer({ min: -1000, max: 1000 });
const vector = fc
  .array(number, { minLength: dimensions, maxLength: dimensions })
  .filter((values) => values.some((value) => value !== 0))
  .map(unit);
const background = fc.array(vector, { minLength: 3, maxLength: 12 });
const memories = fc.array(vector, { minLength: 1, maxLength: 12 });

const standing = (question: Float32Array, vectors: Float32Array[], strangers: Float32Array[]) => {
  const ids = vectors.map((_, at) => String(at));
  const held = new Map(ids.map((id, at) => [id, vectors[at] as Float32Array]));
  return [...standingOut(ids, { question, vectors: held, background: strangers })];
};

describe('standing out by meaning', () => {
  test('is none for what is no nearer than the background, and never less than none', () => {
    fc.assert(
      fc.property(vector, background, (question, strangers) => {
        const all = standing(question, strangers, strangers);
        expect(all.filter((value) => value === 0).length).toBeGreaterThanOrEqual(Math.floor(strangers.length / 2));
        expect(all.every((value) => value >= 0)).toBe(true);
      }),
    );
  });

  test('keeps the order of the cosines', () => {
    fc.assert(
      fc.property(vector, memories, background, (question, vectors, strangers) => {
        const all = standing(question, vectors, strangers);
        const cosine = vectors.map((one) => one.reduce((sum, value, i) => sum + value * (question[i] as number), 0));
        for (const [i, value] of all.entries())
          for (const [j, other] of all.entries())
            if (value > other) expect(cosine[i]).toBeGreaterThanOrEqual((cosine[j] as number) - 1e-6);
      }),
    );
  });

  test('does not depend on what all texts have in common in a model', () => {
    // A model in which everything is near to everything: one direction that all share, and differences beside it.
    const beside = (values: number[], share: number) => [
      ...unit(values).map((value) => value * Math.sqrt(1 - share)),
      Math.sqrt(share),
    ];
    const [question, memory] = [
      [4, 1, 0],
      [5, 1, 1],
    ];
    const strangers = [
      [-4, 3, 1],
      [0, 2, -5],
      [1, -3, 2],
      [1, 4, 4],
      [-1, 1, -1],
    ];
    const [narrow, wide] = [0.2, 0.8].map((share) => {
      const vectors = [question, memory, ...strangers].map((values) => Float32Array.from(beside(values ?? [], share)));
      return standing(vectors[0] as Float32Array, [vectors[1] as Float32Array], vectors.slice(2))[0] ?? 0;
    });
    expect(narrow).toBeGreaterThan(1);
    expect(wide).toBeCloseTo(narrow ?? 0, 3);
  });

  test('says nothing of what has no vector, one of another dimension, or nothing to compare with', () => {
    const question = unit([1, 0, 0]);
    const held = { question, vectors: new Map([['wide', unit([1, 0, 0, 0])]]), background: [unit([0, 1, 0])] };
    expect([...standingOut(['wide', 'none'], held)]).toEqual([0, 0]);
    expect(standing(question, [question], [])).toEqual([0]);
    expect(standing(question, [question], [unit([1, 0, 0, 0])])).toEqual([0]);
  });

  test('asks for more, the more memories there are', () => {
    const floors = [0, 1, 10, 100, 500].map(meaningFloor);
    expect(floors).toEqual(floors.toSorted((a, b) => a - b));
    expect(floors[0]).toBe(floors[1]);
  });
});

describe('words and meaning in one order', () => {
  const items = ['tea in the garden', 'a green bicycle', 'the garden gate', 'nothing else'].map((text, at) => ({
    id: String(at),
    text,
    sequence: null,
    supports: [],
  }));

  test('meaning that says nothing changes nothing', () => {
    const without = relevance(items, 'tea in the garden');
    expect(relevance(items, 'tea in the garden', '', new Float64Array(items.length))).toEqual(without);
  });

  test('what both find stands first, and what one of them lacks counts nothing there', () => {
    const both = relevance(items, 'tea in the garden', '', Float64Array.of(4, 4, 0, 0));
    expect(both[0]).toBeCloseTo(1);
    expect(both[1]).toBeCloseTo(0.5);
    expect(both[2]).toBeGreaterThan(0);
    expect(both[3]).toBe(0);
  });

  test('where no word is found the meaning orders alone', () => {
    expect([...relevance(items, 'zebra', '', Float64Array.of(0, 2, 0, 1))]).toEqual([0, 1, 0, 0.5]);
  });
});
