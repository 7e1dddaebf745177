import fc from 'fast-check';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { MarkedMarkdown } from './MarkedMarkdown.tsx';

const draw = (text: string, marked: readonly [number, number] | null) =>
  renderToStaticMarkup(<MarkedMarkdown text={text} asDocument marked={marked} />);
const wordsOf = (html: string) => html.replace(/<[^>]*>/g, '');
const markedIn = (html: string) =>
  [...html.matchAll(/<mark>(.*?)<\/mark>/gs)].map(([, inner]) => wordsOf(inner ?? '')).join('');

/** The range of a piece of a text. */
const at = (text: string, piece: string) => [text.indexOf(piece), text.indexOf(piece) + piece.length] as const;

describe('a stretch of a document', () => {
  test.each([
    ['a sentence', 'One. Two is it. Three.', 'Two is it.', 'Two is it.'],
    ['a heading with its mark', 'Text.\n\n## The heading\n\nMore.', '## The heading', 'The heading'],
    ['across emphasis', 'Tea is *very* good and **green**.', 'very* good and **gr', 'very good and gr'],
    ['a whole emphasis', 'Tea is _very_ good.', '_very_', 'very'],
    ['an item', '- one\n- two\n- three', '- two', 'two'],
    ['a row of a table', '| a | b |\n|---|---|\n| c | d |\n| e | f |', '| c | d |', 'cd'],
    ['a block of code', 'x\n\n```\nlet a = 1;\n```\n', 'a = 1', 'let a = 1;'],
    ['two paragraphs', 'One.\n\nTwo.\n\nThree.\n\nFour.', 'Two.\n\nThree.', 'Two.Three.'],
    [
      'in an address, as the whole paragraph',
      'See [this](https://a.example/path) now.',
      'example',
      'See this (a.example) now.',
    ],
  ])('is marked: %s', (_name, text, piece, expected) => {
    const html = draw(text, at(text, piece));
    expect(markedIn(html)).toBe(expected);
    expect(wordsOf(html)).toBe(wordsOf(draw(text, null)));
  });

  test('is marked exactly, in words that are no Markdown', () => {
    const plain = fc.array(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(plain, fc.nat(), fc.nat(), (words, a, b) => {
        const text = words.join(' ');
        const [from, to] = [Math.min(a % text.length, b % text.length), Math.max(a % text.length, b % text.length)];
        expect(markedIn(draw(text, [from, to]))).toBe(text.slice(from, to).trim());
      }),
    );
  });

  test('never throws, and leaves nothing of its own behind, whatever the text', () => {
    const piece = fc.constantFrom(
      '# ',
      '- ',
      '| ',
      '\n',
      '\n\n',
      '**',
      '_',
      '`',
      '```\n',
      '[a](b)',
      'word ',
      '> ',
      '1. ',
      '\ufdd0',
      '\ufdd1',
      '&amp;',
      '<b>',
      'https://a.b/c ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(200), fc.nat(200), (parts, from, to) => {
        expect(draw(parts.join(''), [from, to])).not.toMatch(/[\ufdd0\ufdd1]/);
      }),
      { numRuns: 500 },
    );
  });
});
