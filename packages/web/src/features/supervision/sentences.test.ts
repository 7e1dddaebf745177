import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lastWords, sentencesOf } from './sentences.ts';

test('sentences are the text, whole and in order, each with its end', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, n) => {
      const from = n % (text.length + 1);
      const all = sentencesOf(text, from);
      expect(all.map((one) => one.text).join('')).toBe(text.slice(from));
      let end = from;
      for (const one of all) expect(one.end).toBe((end += one.text.length));
    }),
  ));

test('a sentence ends with its mark and the space after it', () => {
  expect(sentencesOf('Hello there. How are you? Fine').map((one) => one.text)).toEqual([
    'Hello there. ',
    'How are you? ',
    'Fine',
  ]);
  expect(sentencesOf('One. Two.', 5)).toEqual([{ text: 'Two.', end: 9 }]);
  expect(lastWords(' a b c d e. ')).toBe('b c d e.');
});
