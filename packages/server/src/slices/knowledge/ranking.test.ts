import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode, fromBytes, toBytes } from './occurrences.ts';
import { rank, type Collection, type List, type Question } from './ranking.ts';

/** Chunks as lists of words, numbered; each stands in its own slot. */
function listsOf(chunks: number[][], segments = ['s']): List[] {
  const lists = new Map<string, { segment: string; term: number; codes: number[] }>();
  for (const [i, chunk] of chunks.entries()) {
    const segment = segments[i % segments.length] ?? '';
    for (const [position, term] of chunk.entries()) {
      const name = `${segment}/${term}`;
      const list = lists.get(name) ?? { segment, term, codes: [] };
      list.codes.push(
        encode({ slot: Math.floor(i / segments.length), heading: false, position: position + 1, length: chunk.length }),
      );
      lists.set(name, list);
    }
  }
  return [...lists.values()].map((list) => ({ ...list, codes: Uint32Array.from(list.codes.sort((x, y) => x - y)) }));
}

const collectionOf = (chunks: number[][]): Collection => ({
  chunks: chunks.length,
  averageLength: Math.max(1, chunks.reduce((n, c) => n + c.length, 0) / Math.max(1, chunks.length)),
  hidden: new Map(),
});
const asking = (terms: number[], more: Partial<Question> = {}): Question => ({
  weights: new Map(terms.map((term) => [term, 1])),
  pairs: [],
  phrases: [],
  ...more,
});
const order = (chunks: number[][], question: Question, limit = 1000) =>
  rank(listsOf(chunks), question, collectionOf(chunks), limit).map((r) => r.slot);

const chunksOf = fc.array(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 }), {
  minLength: 1,
  maxLength: 40,
});
const unrelated = 99;

test('exactly the chunks that hold a term are found, best first', () => {
  fc.assert(
    fc.property(chunksOf, fc.uniqueArray(fc.integer({ min: 1, max: 14 }), { maxLength: 4 }), (chunks, terms) => {
      const found = rank(listsOf(chunks), asking(terms), collectionOf(chunks), 1000);
      const holding = chunks.flatMap((chunk, i) => (chunk.some((term) => terms.includes(term)) ? [i] : []));
      expect(found.map((r) => r.slot).toSorted((x, y) => x - y)).toEqual(holding);
      expect(found.map((r) => r.score)).toEqual(found.map((r) => r.score).toSorted((x, y) => y - x));
    }),
  );
});

test('a limit gives the first of the same order', () => {
  fc.assert(
    fc.property(chunksOf, fc.integer({ min: 1, max: 5 }), (chunks, limit) => {
      const question = asking([1, 2, 3]);
      expect(order(chunks, question, limit)).toEqual(order(chunks, question).slice(0, limit));
    }),
  );
});

test('for one term, chunks that do not hold it change no order', () => {
  fc.assert(
    fc.property(chunksOf, fc.integer({ min: 1, max: 20 }), (chunks, n) => {
      // As long as the average, so that lengths are judged alike; below the steps lengths are kept in it makes no difference.
      const average = Math.round(collectionOf(chunks).averageLength);
      const padded = [...chunks, ...Array.from({ length: n }, () => Array<number>(average).fill(unrelated))];
      const scoresOf = (all: number[][]) =>
        rank(listsOf(all), asking([1]), { ...collectionOf(all), averageLength: average || 1 }, 1000);
      expect(scoresOf(padded).map((r) => r.slot)).toEqual(scoresOf(chunks).map((r) => r.slot));
    }),
  );
});

test('once more of a term in place of another word never lowers a chunk', () => {
  fc.assert(
    fc.property(chunksOf, fc.nat(), (chunks, pick) => {
      const at = pick % chunks.length;
      const scoreAt = (all: number[][], n: number) => {
        const found = rank(listsOf(all), asking([1]), { ...collectionOf(all), chunks: 1000 }, 1000);
        return found.find((r) => r.slot === n)?.score ?? 0;
      };
      const other = chunks[at]?.findIndex((term) => term !== 1) ?? -1;
      fc.pre(other >= 0 && (chunks[at]?.includes(1) ?? false));
      const more = chunks.map((chunk, i) => (i === at ? chunk.map((term, j) => (j === other ? 1 : term)) : chunk));
      expect(scoreAt(more, at)).toBeGreaterThanOrEqual(scoreAt(chunks, at));
    }),
  );
});

test('how chunks are spread over segments changes no score', () => {
  fc.assert(
    fc.property(chunksOf, (chunks) => {
      const question = asking([1, 2], { pairs: [[1, 2]] });
      const scores = (segments: string[]) =>
        rank(listsOf(chunks, segments), question, collectionOf(chunks), 1000).map((r) => r.score);
      expect(scores(['a', 'b', 'c'])).toEqual(scores(['s']));
    }),
  );
});

test('what is hidden is neither found nor counted', () => {
  fc.assert(
    fc.property(chunksOf, chunksOf, (shown, others) => {
      const hidden = new Map([['s', [[shown.length, others.length] as [number, number]]]]);
      const question = asking([1, 2, 3], { pairs: [[1, 2]] });
      const found = rank(listsOf([...shown, ...others]), question, { ...collectionOf(shown), hidden }, 1000);
      expect(found).toEqual(rank(listsOf(shown), question, collectionOf(shown), 1000));
    }),
  );
});

test('of equal words the neighbours win, in their order', () => {
  const chunks = [
    [1, 5, 2, 6],
    [5, 1, 2, 6],
    [2, 1, 5, 6],
  ];
  expect(order(chunks, asking([1, 2], { pairs: [[1, 2]] }))[0]).toBe(1);
});

test('a phrase must be held whole; one of the ways it may be stemmed is enough', () => {
  const chunks = [
    [1, 2, 3],
    [1, 2, 4],
    [1, 9, 2, 3],
    [7, 2, 3],
  ];
  expect(order(chunks, asking([1, 2, 3], { phrases: [[[1, 2, 3]]] }))).toEqual([0]);
  const ways = [
    [1, 2, 3],
    [7, 2, 3],
  ];
  expect(order(chunks, asking([1, 2, 3, 7], { phrases: [ways] })).toSorted()).toEqual([0, 3]);
  expect(order(chunks, asking([1, 2, 3], { phrases: [[[1, 2]], [[2, 3]]] }))).toEqual([0]);
});

test('occurrences keep their order through the bytes they are stored as', () => {
  const code = fc.record({
    slot: fc.integer({ min: 0, max: 500 }),
    heading: fc.boolean(),
    position: fc.integer({ min: 1, max: 2000 }),
    length: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(code), fc.integer({ min: 0, max: 500 }), (list, first) => {
      const codes = list.map(encode).sort((x, y) => x - y);
      const moved = list.map((o) => encode({ ...o, slot: o.slot + first })).sort((x, y) => x - y);
      expect([...fromBytes(toBytes(codes, first))]).toEqual(moved);
    }),
  );
});
