import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chunk } from './chunks.ts';

const texts = (document: string): string[] => chunk(document).map((c) => document.slice(c.start, c.end));
const paths = (document: string): string[][] => chunk(document).map((c) => c.headingPath);

/** Documents of the pieces that matter: headings, lists, code, long and empty lines, Windows line ends, emoji. */
const documents = fc
  .array(
    fc.oneof(
      fc.constantFrom('# A', '## B b ##', '### C', '', '  ', '```', '# no heading', '- item', '\r', '🙂🙂', '#hash'),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.tuple(fc.constantFrom('word ', 'x', '🙂', 'End. ', ' '), fc.nat(900)).map(([s, n]) => s.repeat(n)),
    ),
    { maxLength: 12 },
  )
  .chain((lines) => fc.constantFrom('\n', '\r\n', '\n\n').map((end) => lines.join(end)));

test('every chunk is a trimmed, non-empty slice, in order, none overlapping, none over 1,200 characters', () => {
  fc.assert(
    fc.property(documents, (document) => {
      let last = 0;
      for (const c of chunk(document)) {
        expect(c.start).toBeGreaterThanOrEqual(last);
        const text = document.slice(c.start, c.end);
        expect(text).toBe(text.trim());
        expect(text).not.toBe('');
        expect(text.length).toBeLessThanOrEqual(1200);
        last = c.end;
      }
    }),
    { numRuns: 300 },
  );
});

test('nothing is lost: what stands in no chunk is white space or a heading above one', () => {
  fc.assert(
    fc.property(documents, (document) => {
      const chunks = chunk(document);
      const titles = new Set(chunks.flatMap((c) => c.headingPath));
      let rest = '';
      let at = 0;
      for (const { start, end } of chunks) {
        rest += document.slice(at, start);
        at = end;
      }
      for (const line of (rest + document.slice(at)).split('\n')) {
        if (line.trim() === '') continue;
        const title = /^#{1,6}\s+(\S.*?)(?:\s+#+)?$/.exec(line.trimEnd())?.[1];
        expect(titles).toContain(title);
      }
    }),
    { numRuns: 300 },
  );
});

test('no chunk cuts a surrogate pair', () => {
  for (const text of texts(`x${'🙂'.repeat(3000)}`)) expect(text.isWellFormed()).toBe(true);
});

describe('structure', () => {
  test('a chunk knows the headings above it', () => {
    expect(paths('# A\n\none\n\n## B\n\ntwo\n\n## C ##\n\nthree\n\n# D\n\nfour')).toEqual([
      ['A'],
      ['A', 'B'],
      ['A', 'C'],
      ['D'],
    ]);
  });

  test('paragraphs under one heading are joined up to about 1,000 characters', () => {
    const paragraph = 'Twenty characters ok.'.repeat(10);
    const lengths = texts(Array.from({ length: 12 }, () => paragraph).join('\n\n')).map((t) => t.length);
    expect(lengths).toEqual([846, 846, 846]);
  });

  test('a long paragraph is cut at the end of a sentence', () => {
    const cut = texts('This sentence is one of many. '.repeat(200));
    expect(cut.length).toBeGreaterThan(3);
    for (const text of cut) expect(text.endsWith('.')).toBe(true);
  });

  test('the parts of a long paragraph are about equal', () => {
    const lengths = texts('This sentence is one of many. '.repeat(50)).map((t) => t.length);
    expect(lengths).toHaveLength(2);
    expect(Math.min(...lengths)).toBeGreaterThan(500);
  });

  test('a long table is cut between rows, which keep its header', () => {
    const rows = Array.from({ length: 60 }, (_, i) => `| Medicine ${i}. Old. New | ${i} mg | daily |`);
    const table = ['| Name | Dose | When |', '| --- | ---: | --- |', ...rows].join('\n');
    const parts = texts(`# Doses\n\n${table}`);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) expect(part).toMatch(/^\|[^]*\|$/);
    expect(paths(`# Doses\n\n${table}`).slice(0, 2)).toEqual([['Doses'], ['Doses', 'Name | Dose | When']]);
  });

  test('a # in a code block is no heading', () => {
    expect(paths('# A\n\n```sh\n# install\n\nrun\n```\n\nafter')).toEqual([['A']]);
  });

  test('a heading with nothing under it is a passage, one with sections is not', () => {
    expect(texts('# Closed on Sundays\n\n# Rest\n\n## Part\n\ntext')).toEqual(['# Closed on Sundays', 'text']);
  });

  test('an empty document has no chunks', () => expect(chunk(' \n\n ')).toEqual([]));
});
