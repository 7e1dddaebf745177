import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foldersIn, trailOf } from './folders.ts';
import { pieces, rangesOf } from './highlights.ts';
import { clip, slicesOf } from './slices.ts';

const anyText = fc
  .array(fc.constantFrom('word ', '\n', '\n\n', '\n# Head\n', 'x'.repeat(900), 'y'.repeat(40_000)), { maxLength: 60 })
  .map((parts) => parts.join(''));

test('stretches are the whole text in order, none too long, each page at its start', () => {
  fc.assert(
    fc.property(anyText, fc.option(fc.array(fc.nat(200_000), { maxLength: 8 })), (text, starts) => {
      const pages = starts && [...new Set(starts)].sort((a, b) => a - b);
      const slices = slicesOf(text, pages);
      expect(slices.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text);
      for (const { start, end } of slices) expect(end - start).toBeLessThanOrEqual(32_000);
      const numbered = slices.filter(({ page }) => page !== null);
      expect(numbered.map(({ start }) => start)).toEqual((pages ?? []).filter((start) => start < text.length));
      for (const { start, page } of numbered) expect(pages?.[(page ?? 0) - 1]).toBe(start);
    }),
  );
});

test('a range is in the stretches that it touches, whole', () => {
  fc.assert(
    fc.property(anyText, fc.nat(200_000), fc.nat(200_000), (text, a, b) => {
      const [from, to] = [Math.min(a, b), Math.min(Math.max(a, b), text.length)];
      const own = slicesOf(text, null).map((slice) => {
        const part = clip([from, to], slice);
        return part ? text.slice(slice.start + part[0], slice.start + part[1]) : '';
      });
      expect(own.join('')).toBe(text.slice(from, to));
    }),
  );
});

test('pieces are the whole text, whatever is to be marked', () => {
  const range = fc.tuple(fc.integer({ min: -5, max: 60 }), fc.integer({ min: -5, max: 60 }));
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.array(range), (text, ranges) => {
      expect(
        pieces(text, ranges)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    }),
  );
});

test('words of a question are marked in a passage, endings and accents aside', () => {
  const marked = (text: string, query: string) =>
    pieces(text, rangesOf(text, query))
      .filter((piece) => piece.marked)
      .map((piece) => piece.text);
  expect(marked('Green tea is brewed; brewing takes two minutes.', 'How do I brew the tea?')).toEqual([
    'tea',
    'brewed',
    'brewing',
  ]);
  expect(marked('Das Café öffnet um acht.', 'cafe offnet')).toEqual(['Café', 'öffnet']);
  expect(marked('It is in an inn.', 'is it in')).toEqual([]);
});

test('a folder shows those directly in it, with what lies below them', () => {
  const all = [
    { path: 'Guides', count: 2 },
    { path: 'Guides/Sleep', count: 1 },
    { path: 'Guides/Sleep/Night', count: 4 },
    { path: 'Guidebook', count: 8 },
  ];
  expect(foldersIn(all, '').map(({ path, count }) => [path, count])).toEqual([
    ['Guidebook', 8],
    ['Guides', 7],
  ]);
  expect(foldersIn(all, 'Guides').map(({ name, count }) => [name, count])).toEqual([['Sleep', 5]]);
  expect(foldersIn(all, 'Guides/Sleep/Night')).toEqual([]);
  expect(trailOf('Guides/Sleep').map(({ path }) => path)).toEqual(['Guides', 'Guides/Sleep']);
});
