import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import PDFDocument from 'pdfkit';
import { describe, expect, test } from 'vitest';
import { decode } from './decode.ts';
import type { ExtractionFailure, Format } from './extractor.ts';
import { defaultLimits } from './limits.ts';
import { finish, table } from './markdown.ts';
import { readDocument } from './read.ts';

const read = (name: string, content: string | Buffer) =>
  readDocument(name, { bytes: Buffer.from(content), limits: defaultLimits, progress: () => {} });

describe('texts', () => {
  test.each<[string, string, Format, string]>([
    [
      'a.csv',
      'Name;Age\n"Lind; ner";41\nMia;9\n',
      'csv',
      '| Name | Age |\n| --- | --- |\n| Lind; ner | 41 |\n| Mia | 9 |',
    ],
    ['a.tsv', 'Name\tAge\nMia\t9\n', 'csv', '| Name | Age |\n| --- | --- |\n| Mia | 9 |'],
    ['a.json', '[{"a":1,"b":"x|y"},{"a":2}]', 'json', '| a | b |\n| --- | --- |\n| 1 | x\\|y |\n| 2 |  |'],
    ['a.json', '{"a":{"b":[1]}}', 'json', '```json\n{\n  "a": {\n    "b": [\n      1\n    ]\n  }\n}\n```'],
    ['a.json', '{"a": 1, // so far', 'text', '{"a": 1, // so far'],
    ['a.md', 'Title\n=====\n\nSub\n---\n\ntext\n\n---\n', 'markdown', '# Title\n\n## Sub\n\ntext\n\n---'],
    ['a.md', '```\nnot\n===\n```\n', 'markdown', '```\nnot\n===\n```'],
    ['a.txt', 'plain\r\n\r\n\r\n\r\ntext\r', 'text', 'plain\n\ntext'],
    ['a.html', '<p>a</p><script>x</script><p hidden>b</p><p>c & d</p>', 'html', 'a\n\nc & d'],
    [
      'a',
      '<!doctype html><p>a <a href="https://a.example/x">link</a> <a href="javascript:x">no</a>',
      'html',
      'a [link](https://a.example/x) no',
    ],
    [
      'a.rtf',
      "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset204 A;}}\\f0 \\'cf\\'f0\\u1080?\\par{\\*\\unknown secret}}",
      'rtf',
      'При',
    ],
  ])('%s: %j', async (name, content, format, text) => {
    expect(await read(name, content)).toMatchObject({ format, text });
  });

  test('what editors write in front of Markdown is its title and language', async () => {
    const found = await read('a.md', '---\ntitle: "On sleep"\nlang: de\n---\n\nText.');
    expect(found).toMatchObject({ title: 'On sleep', language: 'de', text: 'Text.' });
  });

  test('a page too large for one tree is read in parts, and nothing is lost between them', async () => {
    const sections = Array.from(
      { length: 12_000 },
      (_, n) => `<h2>Part ${n}</h2><p>${'some words '.repeat(15)}${n}.</p>`,
    );
    const { text } = await read('a.html', `<html><body><div class="x"><section>${sections.join('')}</section></div>`);
    const numbers = Array.from(text.matchAll(/^## Part (\d+)\n\n.* (\d+)\.$/gm), ([, a, b]) => [Number(a), Number(b)]);
    expect(numbers).toEqual(sections.map((_, n) => [n, n]));
  });

  test('of a page on the web, its article', async () => {
    const article =
      '<p>Whoever sleeps badly for a week decides more slowly, forgets more, and argues sooner than others.</p>'.repeat(
        5,
      );
    const page = `<html lang="en"><head><title>Sleep</title></head><body><nav><a href="/">Home</a><a href="/shop">Shop</a></nav><article><h1>Sleep</h1>${article}</article><footer>Imprint and cookies</footer></body></html>`;
    const { text, title, language } = await read('page.html', page);
    expect({ title, language }).toEqual({ title: 'Sleep', language: 'en' });
    expect(text).toMatch(/^# Sleep\n\nWhoever/);
    expect(text).not.toMatch(/Shop|cookies/);
  });

  test.each<[string, BufferEncoding | 'latin1', string]>([
    ['UTF-16 with its mark', 'utf16le', '\ufeffÄrger über nichts'],
    ['UTF-16 without it', 'utf16le', 'Some plain words, and more of them'],
    ['Windows’ own letters', 'latin1', 'Der Ärger über die Straße war groß, und die Tür blieb zu. Für wen?'],
    ['UTF-8', 'utf8', 'Ärger 🙂'],
  ])('%s', (_what, encoding, text) => {
    expect(decode(Buffer.from(text, encoding))?.replace('\ufeff', '')).toBe(text.replace('\ufeff', ''));
  });

  test('Cyrillic of before Unicode', () => {
    const words = 'Сон лечит, а бессонница забирает силы у каждого человека';
    const bytes = Buffer.from(Array.from(words, (c) => (/[А-я]/.test(c) ? c.charCodeAt(0) - 0x350 : c.charCodeAt(0))));
    expect(decode(bytes)).toBe(words);
  });

  test('bytes that are no text are none', () => {
    expect(decode(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]))).toBeNull();
  });
});

describe('pages as they are seen', () => {
  const pdf = async (draw: (pdf: PDFKit.PDFDocument, page: number) => void, pages: number) => {
    const made = new PDFDocument({ autoFirstPage: false, size: 'A4' });
    const bytes = buffer(made);
    for (let page = 1; page <= pages; page += 1) draw(made.addPage(), page);
    made.end();
    return read('a.pdf', await bytes);
  };

  test('page numbers go, a running title stays where it stands first, headings stay', async () => {
    const { text, pages } = await pdf((page, number) => {
      page.fontSize(9).text('The nights of the spring', 72, 40).text(String(number), 300, 750);
      page.fontSize(16).text(`Night ${number}`, 72, 80);
      page.fontSize(10).text(`What happened in this night was counted: ${number} hours of sleep.`, 72, 120);
    }, 5);
    expect(text.split('\n\n').slice(0, 5)).toEqual([
      'The nights of the spring',
      '# Night 1',
      'What happened in this night was counted: 1 hours of sleep.',
      '# Night 2',
      'What happened in this night was counted: 2 hours of sleep.',
    ]);
    expect((pages ?? []).slice(1).map((at) => text.slice(at, at + 9))).toEqual([
      '# Night 2',
      '# Night 3',
      '# Night 4',
      '# Night 5',
    ]);
  });

  test('lines become paragraphs, and words broken at their end are whole again', async () => {
    const { text } = await pdf((page) => {
      page
        .fontSize(10)
        .text('A first paragraph that is broken at the end of its line with a hy-', 72, 72, { lineBreak: false });
      page.text('phen, and ends here.', 72, 84, { lineBreak: false });
      page.text('Another one.', 72, 110, { lineBreak: false });
      page
        .text('•', 72, 140, { lineBreak: false })
        .text('An item of a list which needs more than', 90, 140, { lineBreak: false });
      page.text('one line.', 90, 152, { lineBreak: false });
    }, 1);
    expect(text).toBe(
      'A first paragraph that is broken at the end of its line with a hyphen, and ends here.\n\nAnother one.\n\n- An item of a list which needs more than one line.',
    );
  });

  test('a table whose cells go over several lines', async () => {
    const { text } = await pdf((page) => {
      const at = (x: number, y: number, words: string) => page.fontSize(10).text(words, x, y, { lineBreak: false });
      ['Stage', 'Minutes', 'What happens'].forEach((words, i) => at(72 + i * 120, 72, words));
      ['Light', '210', 'The body grows'].forEach((words, i) => at(72 + i * 120, 90, words));
      at(312, 102, 'calm');
      ['Deep', '95', 'Repair'].forEach((words, i) => at(72 + i * 120, 120, words));
      at(72, 160, 'After the table.');
    }, 1);
    expect(text).toBe(
      '| Stage | Minutes | What happens |\n| --- | --- | --- |\n| Light | 210 | The body grows calm |\n| Deep | 95 | Repair |\n\nAfter the table.',
    );
  });
});

describe('laws', () => {
  const hostile = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\0', '\ud800', '\u0007', '\r\n', '\u2028', 'e\u0301', '\ufeff', ' ', '\n', '|', '#'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
  });

  test('text is NFC, well formed, without control characters; pages lie in it in order, each where its text begins', () => {
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 1, maxLength: 6 }), (parts) => {
        const found = (() => {
          try {
            return finish('pdf', { parts, paged: true }, 1e6);
          } catch (error) {
            expect((error as ExtractionFailure).reason).toBe('empty');
            return null;
          }
        })();
        if (!found) return;
        const { text, pages } = found;
        expect(text.isWellFormed()).toBe(true);
        expect(text).toBe(text.normalize('NFC'));
        expect(text).not.toMatch(/[^\P{Cc}\n\t]/u);
        expect(text).not.toMatch(/\n{3}/);
        expect(pages).toHaveLength(parts.length);
        (pages ?? []).forEach((at, i) => {
          expect(at).toBeGreaterThanOrEqual(i === 0 ? 0 : (pages?.[i - 1] ?? 0));
          expect(at).toBeLessThanOrEqual(text.length);
          expect(/^\n/.test(text.slice(at))).toBe(false);
        });
      }),
    );
  });

  test('a table has as many cells in each row, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.array(hostile, { maxLength: 5 }), { maxLength: 5 }), (rows) => {
        const counts = table(rows)
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => line.replaceAll('\\|', '').split('|').length);
        expect(new Set(counts).size).toBeLessThanOrEqual(1);
      }),
    );
  });
});
