import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { chunk } from '../chunks.ts';
import { createExtractor, type ExtractionFailure } from './extractor.ts';

const folder = fileURLToPath(new URL('../../../test/documents/', import.meta.url));
const extractor = createExtractor({ log: { warn: () => {} }, limits: { stallMs: 60_000 } });
afterAll(() => extractor.close());
const extract = (name: string) => extractor.extract({ path: `${folder}${name}`, name });

const stages = [
  '| Stage | Minutes | What happens |',
  '| --- | --- | --- |',
  '| Light | 210 | The body grows calm |',
  '| Deep | 95 | Repair \\| growth |',
  '| Dream | 115 | Feelings are sorted |',
].join('\n');

describe('documents that other programs wrote', () => {
  test.each([
    ['docx', 'handbook.docx'],
    ['odt', 'handbook.odt'],
    ['rtf', 'handbook.rtf'],
    ['epub', 'handbook.epub'],
    ['html', 'handbook.html'],
    ['pdf', 'handbook.pdf'],
    ['pdf', 'untagged.pdf'],
  ])('%s (%s): title, language, headings, lists, tables, notes', async (format, name) => {
    const { text, ...about } = await extract(name);
    expect(about).toMatchObject({ format, title: 'A handbook for better nights', language: 'en-GB' });
    const headings = text.split('\n').filter((line) => line.startsWith('#'));
    expect(headings.filter((line) => line !== '# A handbook for better nights')).toEqual([
      '# Why sleep matters',
      '## Habits of the evening',
      '# What to measure',
      '# When nothing helps',
    ]);
    expect(text).toContain(stages);
    expect(text).toContain('A café at four in the afternoon may still be felt at midnight, and Zoë’s naïve rule, “no');
    // What is seen on a page has no depth.
    const inner = name === 'untagged.pdf' ? '- At' : '  - At';
    expect(text).toContain(
      `- Keep the same hour for going to bed.\n${inner} weekends too, give or take thirty minutes.\n- Let`,
    );
    expect(text).toContain(
      '1. Call the practice in the Lindenstraße.\n2. Bring the two numbers of every night.\n3. Say',
    );
    expect(text).toContain('About 2,200 kelvin is what most of us chose.');
    expect(text).not.toMatch(/\n{3}|<\w|[^\S\n]\n/);
  });

  test.each(['handbook.pdf', 'untagged.pdf'])('%s: each page begins where it begins', async (name) => {
    const { text, pages } = await extract(name);
    expect(pages).toHaveLength(3);
    const begins = (pages ?? []).map((at) => text.slice(at, at + 12));
    expect(begins).toEqual(['# Why sleep ', '# What to me', '# When nothi']);
  });

  test('what was extracted is cut under its headings', async () => {
    const { text } = await extract('handbook.docx');
    const paths = chunk(text).map(({ headingPath }) => headingPath);
    expect(paths).toContainEqual(['Why sleep matters', 'Habits of the evening']);
  });

  test.each(['evening.pptx', 'impress.pptx'])(
    '%s: slides in order, with titles, lists, tables and notes',
    async (name) => {
      const { text, pages, format, title } = await extract(name);
      expect({ format, title }).toEqual({ format: 'pptx', title: 'An evening about sleep' });
      const slides = (pages ?? []).map((at, i) => text.slice(at, pages?.[i + 1]).trim());
      expect(slides).toEqual([
        '# An evening about sleep',
        '# Why we meet\n\n- To compare our nights\n  - without judging them\n- To plan the week\n\nBegin with the question of last week.',
        '# The plan\n\n| Hour | What |\n| --- | --- |\n| 19:00 | Tea and arriving |\n| 19:30 | The round |',
      ]);
    },
  );

  test('xlsx: each sheet a table, cells as they are shown', async () => {
    const { text, pages, format } = await extract('visits.xlsx');
    expect(format).toBe('xlsx');
    expect((pages ?? []).map((at, i) => text.slice(at, pages?.[i + 1]).trim())).toEqual([
      '# Visits\n\n| Day | Group | People |\n| --- | --- | --- |\n| 2026-03-02 | Morning \\| north | 9 |\n| 2026-03-09 | Evening | 14 |\n|  | All | 23 |',
      '# Rooms\n\n| Room | Seats |\n| --- | --- |\n| Garden | 16 |',
    ]);
  });

  test('eml: subject, people, text, and the names of what is attached', async () => {
    const { text, format, title } = await extract('letter.eml');
    expect({ format, title }).toEqual({ format: 'email', title: 'Your first visit – what to bring' });
    expect(text).toContain(
      'From: Zoë Lindner <zoe@practice.example>\nTo: Jonas <jonas@home.example>, mia@home.example',
    );
    expect(text).toContain('- the two numbers of every night\n- your café diary');
    expect(text).toContain('Attached:\n\n- diary.txt (text/plain)');
    expect(text).not.toContain('Hours in bed; hours asleep');
  });

  test.each([
    ['scan.pdf', 'scanned'],
    ['sealed.pdf', 'encrypted'],
    ['sealed.docx', 'encrypted'],
    ['sealed.odt', 'encrypted'],
  ])('%s: %s, in words for its owner', async (name, reason) => {
    const failure = await extract(name).catch((error: ExtractionFailure) => error);
    expect(failure).toMatchObject({ reason, message: expect.stringMatching(/^This document .*\.$/) as string });
  });

  test('the content decides, not the name', async () => {
    const path = `${folder}handbook.docx`;
    expect((await extractor.extract({ path, name: 'notes.pdf' })).format).toBe('docx');
    expect((await extractor.extract({ path: `${folder}handbook.html`, name: 'notes.txt' })).format).toBe('html');
    expect(readFileSync(path).subarray(0, 2).toString()).toBe('PK');
  });
});
