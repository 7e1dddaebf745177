import fc from 'fast-check';
import type { Passage } from '@rapport/protocol/knowledge';
import { describe, expect, test } from 'vitest';
import { chunk } from './chunks.ts';
import { answerFromPassages } from './reference.ts';
import { sentences } from './sentences.ts';

const passagesOf = (document: string, title = 'Visiting'): Passage[] =>
  chunk(document).map((c, i) => ({
    ...c,
    documentId: 'd',
    chunkId: `c${i}`,
    title,
    text: document.slice(c.start, c.end),
    score: 1,
    page: null,
  }));

const clinic = [
  '# Opening hours',
  'The clinic is open from Monday to Friday, 8:00 to 18:00.\nOn Saturday it is open from 9:00 to 12:00. It is closed on Sundays.',
  '# Getting here',
  'There is a car park behind the building. The tram stops in front, e.g. line 2.',
  '# What to bring',
  '- Bring your insurance card.\n- Bring a list of your medicines.',
].join('\n\n');
const passages = passagesOf(clinic);
const quotes = (question: string) => answerFromPassages(question, passages).citations.map((c) => c.quote);

describe('what it quotes', () => {
  test.each([
    ['When are you open on Saturday?', 'On Saturday it is open from 9:00 to 12:00.'],
    ['Is there parking?', 'There is a car park behind the building.'],
    ['Which tram line?', 'The tram stops in front, e.g. line 2.'],
    ['Do I need my insurance card?', 'Bring your insurance card.'],
  ])('%s', (question, quote) => expect(quotes(question)[0]).toBe(quote));

  test('a quote is marked, and named by its document', () => {
    expect(answerFromPassages('Is there parking?', passages).text).toBe(
      'The reference material says:\n\n> There is a car park behind the building.\n>\n> — [1] Visiting',
    );
  });

  test('a quote over two lines stays inside its blockquote', () => {
    const { text } = answerFromPassages('zebra crossing', passagesOf('The zebra\ncrossing is new.'));
    expect(text).toContain('> The zebra\n> crossing is new.');
  });

  test('a sentence that two documents share is quoted once', () => {
    const twice = [...passagesOf('Tea is free.'), ...passagesOf('Tea is free.')];
    expect(answerFromPassages('Is tea free?', twice).citations).toHaveLength(1);
  });
});

describe('when nothing answers', () => {
  test.each([
    'What is the capital of France?',
    'How do I cook pasta on Saturday evening?',
    'What should I do?',
    'Should I take ibuprofen for my headache?',
    '???',
  ])('it says so: %s', (question) => {
    const { text, citations } = answerFromPassages(question, passages);
    expect(citations).toEqual([]);
    expect(text).toContain('No passage of the reference material answers this.');
  });

  test('also where there is no material at all', () => {
    expect(answerFromPassages('Is there parking?', []).text).toContain('No passage');
  });

  test.each(['hi', 'Hello!', 'thanks', 'Thank you very much.', 'Who are you?', 'Guten Tag'])(
    'small talk gets what it is: %s',
    (question) => {
      const { text, citations } = answerFromPassages(question, passages);
      expect([text.startsWith('I am not an AI model'), citations.length]).toEqual([true, 0]);
    },
  );

  test('the fixed sentences follow the locale', () => {
    for (const locale of ['de', 'DE', 'de-AT', 'de_CH'])
      expect(answerFromPassages('hallo', passages, locale).text).toContain('Ich bin kein KI-Modell');
    for (const locale of ['en', 'den', 'fr', ''])
      expect(answerFromPassages('hallo', passages, locale).text).toContain('I am not');
  });
});

const words = fc.constantFrom(
  'tram',
  'park',
  'open',
  'Saturday',
  'tea',
  'e.g.',
  '9:00',
  '🙂',
  '- x',
  'End.',
  'Why?',
  '\n',
  '\n\n',
);
const prose = fc.array(words, { minLength: 1, maxLength: 80 }).map((list) => list.join(' '));

describe('for any material and any question', () => {
  test('a citation is the exact slice of the document, and the answer holds nothing but quotes and fixed sentences', () => {
    fc.assert(
      fc.property(prose, prose, (document, question) => {
        const { text, citations } = answerFromPassages(question, passagesOf(document));
        let rest = text;
        citations.forEach((c, i) => {
          expect(document.slice(c.start, c.end)).toBe(c.quote);
          rest = rest.replace(`> ${c.quote.replaceAll('\n', '\n> ')}\n>\n> — [${i + 1}] Visiting`, '');
        });
        expect(rest.trim()).toMatch(
          /^(The reference material says:|(No passage of .+ this|I am not .+ material)\..+)$/,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('sentences are trimmed slices in order that hold a letter or a digit', () => {
    fc.assert(
      fc.property(fc.oneof(prose, fc.string({ unit: 'grapheme', maxLength: 200 })), (text) => {
        let last = 0;
        for (const { start, end } of sentences(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(text.slice(start, end)).toMatch(/^\S(?:[^]*\S)?$/);
          last = end;
        }
      }),
      { numRuns: 500 },
    );
  });
});
