import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextOf } from './context.ts';
import type { Found } from './search.store.ts';

const sentence = (n: number): string => `Sentence number${n} tells of thing${n} and matter${n} in its own${n} way${n}.`;
const document = Array.from({ length: 12 }, (_, n) => sentence(n)).join('\n\n');

const passage = (n: number, documentId = 'a'): Found => {
  const start = document.indexOf(sentence(n));
  const text = sentence(n);
  return {
    documentId,
    chunkId: `${documentId}${n}`,
    title: 'T',
    headingPath: [],
    text,
    start,
    end: start + text.length,
    page: null,
    score: 10 - n / 10,
    language: 'en',
    ordinals: [n, n],
    channels: { words: 1, neighbours: 0 },
  };
};

test('passages that follow each other are one, in the order of the document, at the place of the better', () => {
  const context = contextOf([passage(5), passage(2), passage(4), passage(6), passage(9)], 10, 10_000);
  expect(context.map((p) => p.text)).toEqual([[4, 5, 6].map(sentence).join('\n\n'), sentence(2), sentence(9)]);
});

test('whatever is found, in whatever order, every text stands at its place and nothing is lost or doubled', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 11 }), { minLength: 1 });
  fc.assert(
    fc.property(numbers, (found) => {
      const context = contextOf(
        found.map((n) => passage(n)),
        100,
        100_000,
      );
      for (const p of context) expect(document.slice(p.start, p.end)).toBe(p.text);
      const all = context.map((p) => p.text).join('\n\n');
      for (const n of found) expect(all.split(sentence(n))).toHaveLength(2);
    }),
  );
});

test('of copies the best stays', () => {
  expect(contextOf([passage(1, 'copy'), passage(1), passage(3)], 10, 10_000).map((p) => p.chunkId)).toEqual([
    'copy1',
    'a3',
  ]);
});

test('the budget holds what fits whole, and always the best', () => {
  const tokens = Math.ceil((sentence(1).length * 2.5) / 3.2);
  expect(contextOf([passage(1), passage(4), passage(8)], 10, tokens)).toHaveLength(2);
  expect(contextOf([passage(1)], 10, 1)).toHaveLength(1);
  expect(contextOf([passage(1), passage(4), passage(8)], 2, 10_000)).toHaveLength(2);
});
