import fc from 'fast-check';
import { expect, test } from 'vitest';
import { segmentSlots } from '../occurrences.ts';
import { createMatrix, type Hidden } from './matrix.ts';

const dimensions = 5;
const vector = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: dimensions, maxLength: dimensions });
const blocksOf = fc.array(fc.array(vector, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 60 });

const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);

function fill(blocks: number[][][]) {
  const matrix = createMatrix(dimensions);
  for (const [segment, vectors] of blocks.entries()) {
    matrix.add({ id: `b${segment}`, segment, firstSlot: 3, vectors: Float32Array.from(vectors.flat()) });
  }
  return matrix;
}

/** By looking at each, written the slow way. */
function nearest(
  blocks: number[][][],
  question: number[],
  limit: number,
  shown: (segment: number, slot: number) => boolean,
) {
  return blocks
    .flatMap((vectors, segment) => vectors.map((v, i) => ({ segment, slot: 3 + i, similarity: dot(v, question) })))
    .filter(({ segment, slot }) => shown(segment, slot))
    .sort((a, b) => b.similarity - a.similarity || a.segment - b.segment || a.slot - b.slot)
    .slice(0, limit);
}

const found = (matrix: ReturnType<typeof createMatrix>, question: number[], hidden: Hidden, limit: number) =>
  matrix.scan(Float32Array.from(question), hidden, limit, new Set()).hits.map(({ block: _, ...hit }) => hit);

test('the nearest are found as by looking at each, whatever went and whatever is hidden', () => {
  fc.assert(
    fc.property(
      blocksOf,
      vector,
      fc.integer({ min: 1, max: 30 }),
      fc.func(fc.boolean()),
      (blocks, question, limit, goes) => {
        const matrix = fill(blocks);
        const gone = new Set([...blocks.keys()].filter((segment) => goes(segment)));
        for (const segment of gone) matrix.drop(`b${segment}`);
        const hidden: Hidden = new Map([[1, [[4, 2]]]]);
        const shown = (segment: number, slot: number) =>
          !gone.has(segment) && !(segment === 1 && (slot === 4 || slot === 5));
        expect(found(matrix, question, hidden, limit)).toEqual(nearest(blocks, question, limit, shown));
      },
    ),
  );
});

test('a place that was given to another is found as the other, and what is known is not added twice', () => {
  const matrix = createMatrix(2);
  matrix.add({ id: 'old', segment: 1, firstSlot: 0, vectors: Float32Array.of(1, 0) });
  matrix.add({ id: 'old', segment: 1, firstSlot: 0, vectors: Float32Array.of(1, 0) });
  matrix.drop('old');
  matrix.drop('old');
  matrix.add({ id: 'new', segment: 1, firstSlot: 0, vectors: Float32Array.of(0, 1) });
  expect(matrix.scan(Float32Array.of(1, 0), new Map(), 5, new Set()).hits).toEqual([
    { block: 'new', segment: 1, slot: 0, similarity: 0 },
  ]);
});

test('more vectors than a slab holds are all looked at', () => {
  const matrix = createMatrix(2);
  const count = 2500;
  for (let i = 0; i < count; i++) {
    matrix.add({ id: `${i}`, segment: i, firstSlot: 0, vectors: Float32Array.of(i, 1) });
  }
  expect(matrix.scan(Float32Array.of(1, 0), new Map(), 3, new Set()).hits.map(({ segment }) => segment)).toEqual([
    2499, 2498, 2497,
  ]);
  for (let i = 600; i < count; i++) matrix.drop(`${i}`);
  expect(matrix.scan(Float32Array.of(1, 0), new Map(), 2, new Set()).hits.map(({ segment }) => segment)).toEqual([
    599, 598,
  ]);
});

test('how the marked stand among the others is told as by comparing each with each', () => {
  fc.assert(
    fc.property(
      blocksOf,
      vector,
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 30 }),
      (blocks, question, at) => {
        const all = nearest(blocks, question, Infinity, () => true);
        const places = all.map(({ segment, slot }) => segment * segmentSlots + slot);
        const marked = new Set(at.map((i) => places[i % places.length] as number));
        const [of, others] = [true, false].map((is) => all.filter((_, i) => marked.has(places[i] as number) === is));
        let nearer = 0;
        for (const one of of ?? []) {
          for (const other of others ?? [])
            nearer += one.similarity > other.similarity ? 1 : one.similarity === other.similarity ? 0.5 : 0;
        }
        const { pairs } = fill(blocks).scan(Float32Array.from(question), new Map(), 10, marked);
        expect(pairs).toEqual({ marked: marked.size, others: all.length - marked.size, nearer });
      },
    ),
  );
});
