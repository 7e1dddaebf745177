import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stretchesOf } from './stretches.ts';

const span = fc.tuple(fc.nat(30), fc.nat(30)).map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

test('nothing is lost, and what is marked is what lies in a span', () =>
  fc.assert(
    fc.property(fc.string({ maxLength: 20 }), fc.nat(20), fc.array(span, { maxLength: 4 }), (piece, from, spans) => {
      const found = stretchesOf(piece, from, spans);
      expect(found.map(({ text }) => text).join('')).toBe(piece);
      const marks = found.flatMap(({ text, marked }) => Array.from({ length: text.length }, () => marked));
      marks.forEach((marked, at) => {
        const place = at + from;
        expect(marked).toBe(spans.some(({ start, end }) => start <= place && place < end));
      });
    }),
  ));

test('a mark that goes over the end of a sentence goes on in the next', () => {
  const spans = [{ start: 3, end: 7 }];
  expect(stretchesOf('One. ', 0, spans)).toEqual([
    { text: 'One', marked: false },
    { text: '. ', marked: true },
  ]);
  expect(stretchesOf('Two.', 5, spans)).toEqual([
    { text: 'Tw', marked: true },
    { text: 'o.', marked: false },
  ]);
});
