import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findPassage } from './passageOnPage.ts';

const marked = (texts: string[], quote: string, before?: string) =>
  findPassage(texts, quote, before)?.map(({ item, from, to }) => texts[item]?.slice(from, to));

test('a passage is found whatever its spaces, hyphens, ligatures, accents and marks of Markdown', () => {
  const lines = ['Zoë’s naïve rule: the o', 'ﬃ', 'ce opens at', 'nine, and closes in the even-', 'ing.'];
  expect(marked(lines, 'the **office** opens at nine')).toEqual(['the o', 'ﬃ', 'ce opens at', 'nine']);
  expect(marked(lines, 'closes in the evening')).toEqual(['closes in the even', 'ing']);
  expect(marked(lines, '> Zoe’s naive rule')).toEqual(['Zoë’s naïve rule']);
});

test('of several places it is the one with the same text before it', () => {
  const lines = ['Tea is free. ', 'Water is dear. ', 'Tea is free.'];
  expect(findPassage(lines, 'Tea is free.', 'Water is dear.\n')).toEqual([{ item: 2, from: 0, to: 11 }]);
  expect(findPassage(lines, 'Tea is free.', '')).toEqual([{ item: 0, from: 0, to: 11 }]);
});

test('of a passage that the page breaks, the part on it is marked', () => {
  const lines = ['The kettle stands on the stove.', 'It whistles when the water boils.'];
  expect(marked(lines, 'It whistles when the water boils. Then pour.')).toEqual(['It whistles when the water boils']);
});

test('what is not there is not marked', () => {
  expect(findPassage(['The kettle stands on the stove.'], 'The cat sleeps under the table.')).toBeNull();
  expect(findPassage(['stove. cat. tea.'], 'cat. one. two. three. four.')).toBeNull();
  expect(findPassage([], 'tea')).toBeNull();
  expect(findPassage(['tea'], '— !')).toBeNull();
});

const words = fc.array(fc.constantFrom('tea ', 'of ', 'Ä', 'ﬁ', '-', '\n', '42', '日本', '𝒳 '), { maxLength: 30 });

test('a stretch of the page itself is found, in order and within its texts', () => {
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(), (lines, a, b) => {
      const texts = lines.map((line) => line.join(''));
      const all = [...texts.join('')];
      const [from, to] = [a % (all.length + 1), b % (all.length + 1)].sort((x, y) => x - y) as [number, number];
      const quote = all.slice(from, to).join('');
      const found = findPassage(texts, quote, all.slice(0, from).join(''));
      if (!/[\p{L}\p{N}]/u.test(quote)) {
        expect(found).toBeNull();
        return;
      }
      const folded = (text: string) =>
        text
          .normalize('NFKD')
          .toLowerCase()
          .replace(/[^\p{L}\p{N}]/gu, '');
      expect(folded(found?.map(({ item, from: f, to: t }) => texts[item]?.slice(f, t)).join('') ?? '')).toBe(
        folded(quote),
      );
      expect(found?.every((one, at) => at === 0 || one.item >= (found[at - 1]?.item ?? 0))).toBe(true);
    }),
  );
});
