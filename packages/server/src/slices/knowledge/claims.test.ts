import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { carryOver, checkClaims, withMarks } from './claims.ts';
import { createMarkFilter, stripMarks } from './marks.ts';
import { sentences } from './sentences.ts';

const clinic = [
  'The clinic is open from Monday to Friday, 8:00 to 18:00.\nOn Saturday it is open from 9:00 to 12:00. It is closed on Sundays.',
  'There is a car park behind the building. Do not park on the grass.',
  'Take 1,500 mg before meals, at most two tablets a day.',
].join('\n\n');
const sourceOfText = (text: string, title = 'Clinic') => ({
  chunkId: `c-${title}`,
  documentId: title,
  title,
  headingPath: [],
  text,
  start: 1000,
});
const sources = [sourceOfText('Tea is free in the waiting room.', 'Tea'), sourceOfText(clinic)];
const verdicts = (reply: string) => checkClaims(reply, sources).claims.map(({ verdict }) => verdict);

describe('a cited sentence is', () => {
  test.each([
    ['It is closed on Sundays [2].', 'quoted'],
    ['**It is closed on Sundays.** [2]', 'quoted'],
    ['Tea is free in the waiting room [1].', 'quoted'],
    ['It is open from 9:00 to 12:00 on Saturday [2].', 'worded'],
    ['You can park behind the building [2].', 'worded'],
    ['The clinic is closed on Sundays [2].', 'worded'],
    ['There is a car park behind the building, and on Saturday it is open from 9:00 to 12:00 [2].', 'worded'],
    ['Take 1500 mg before meals, at most 2 tablets a day [2].', 'quoted'],
    ['On Saturday it is open from 9:00 to 13:00 [2].', 'not-found'],
    ['On Saturday it is open from 12:00 to 9:00 [2].', 'not-found'],
    ['It is closed on Mondays [2].', 'not-found'],
    ['It is not closed on Sundays [2].', 'not-found'],
    ['Park on the grass [2].', 'not-found'],
    ['Take 1,500 mg after meals, at most two tablets a day [2].', 'not-found'],
    ['Take 1,500 mg, at most three tablets a day [2].', 'not-found'],
    ['Yes [2].', 'not-found'],
  ])('%s → %s', (reply, verdict) => expect(verdicts(reply)).toEqual([verdict]));
});

test('a mark belongs to the sentence it ends, wherever it stands', () => {
  for (const reply of [
    'It is closed on Sundays. [2]',
    'It is closed on Sundays[2].',
    'On that: [2] It is closed on Sundays.',
  ]) {
    const { claims, plain } = checkClaims(`Hello there. ${reply}`, sources);
    expect(plain).not.toContain('[');
    expect(claims).toHaveLength(1);
  }
  const quote = checkClaims('> It is closed on Sundays.\n>\n> — [2] Clinic', sources);
  expect(quote.claims[0]).toMatchObject({ verdict: 'quoted', citations: [1] });
});

test('what is cited is the very sentence, counted through, with its place in the document', () => {
  const { citations, claims } = checkClaims(
    'It is closed on Sundays [2]. Tea is free in the waiting room [1].',
    sources,
  );
  expect(claims.map((c) => c.citations)).toEqual([[1], [2]]);
  expect(citations.map(({ title, quote }) => [title, quote])).toEqual([
    ['Clinic', 'It is closed on Sundays.'],
    ['Tea', 'Tea is free in the waiting room.'],
  ]);
  const [first] = citations;
  expect(clinic.slice((first?.start ?? 0) - 1000, (first?.end ?? 0) - 1000)).toBe('It is closed on Sundays.');
});

test('a wrong number is put right where another passage says it, and a mark of nothing is gone', () => {
  expect(checkClaims('Tea is free in the waiting room [7].', sources).citations[0]?.title).toBe('Tea');
  const { plain, claims } = checkClaims('Bring your passport [1]. It is closed on Sundays [2].', sources);
  expect(withMarks(plain, claims).text).toBe('Bring your passport. It is closed on Sundays [1].');
});

test('what a person left as it was keeps its mark, what they changed has none', () => {
  const checked = checkClaims('It is closed on Sundays [2]. Tea is free in the waiting room [1].', sources);
  const edited = 'Sorry: it is shut on Sundays. Tea is free in the waiting room.';
  const { claims, citations } = carryOver(checked, edited);
  expect(withMarks(edited, claims).text).toBe('Sorry: it is shut on Sundays. Tea is free in the waiting room [1].');
  expect(citations.map(({ title }) => title)).toEqual(['Tea']);
});

test('a mark that is left when another within it is taken out goes as well', () => {
  const marks = [
    { at: 3, numbers: [2, 3] },
    { at: 3, numbers: [1] },
  ];
  expect(stripMarks('Tea [[2, 3]1].')).toEqual({ plain: 'Tea.', marks });
});

const parts = fc.constantFrom(
  'Tea',
  ' is',
  ' free',
  '.',
  ' [1]',
  '[2, 3]',
  '[',
  ']',
  ' ',
  '[1](a)',
  '1',
  ',',
  '\n',
  '[x]',
);
const prose = fc.array(parts, { maxLength: 40 }).map((list) => list.join(''));

describe('for any text', () => {
  test('however it arrives, what is shown is the text without its marks', () => {
    fc.assert(
      fc.property(prose, fc.array(fc.nat({ max: 6 })), (text, cuts) => {
        let shown = '';
        const filter = createMarkFilter((more) => {
          expect(more).not.toMatch(/\[\d+\](?!\()/);
          shown += more;
        });
        let rest = text;
        for (const cut of cuts) {
          filter.onText(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        filter.onText(rest);
        filter.end();
        expect(shown).toBe(stripMarks(text).plain);
        expect(shown).not.toMatch(/\[\d{1,3}(?:, \d{1,3})?\](?!\()/);
        expect(stripMarks(shown)).toEqual({ plain: shown, marks: [] });
      }),
      { numRuns: 2000 },
    );
  });

  test('every sentence of a source, cited, is quoted', () => {
    const words = fc.constantFrom(
      'tram',
      'Park',
      'open',
      'tea',
      '9:00',
      '12%',
      'not',
      'no',
      'e.g.',
      'End.',
      'Why?',
      ',',
      '\n\n',
    );
    const document = fc.array(words, { minLength: 3, maxLength: 60 }).map((list) => list.join(' '));
    fc.assert(
      fc.property(document, (text) => {
        for (const { start, end } of sentences(text)) {
          const sentence = text.slice(start, end);
          // What says nothing cannot stand anywhere.
          if (!/tram|park|open|tea|9|12/i.test(sentence)) continue;
          const { claims, plain } = checkClaims(`${sentence} [1]`, [sourceOfText(text)]);
          if (claims.length === 1 && plain.trim() === sentence)
            expect([sentence, claims[0]?.verdict]).toEqual([sentence, 'quoted']);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('marks are put in without touching a letter', () => {
    fc.assert(
      fc.property(prose, (text) => {
        const { plain, claims } = checkClaims(text, [sourceOfText('Tea is free.')]);
        const marked = withMarks(plain, claims);
        expect(stripMarks(marked.text).plain).toBe(stripMarks(plain).plain);
        for (const [i, claim] of marked.claims.entries()) {
          const own = plain.slice(claims[i]?.start, claims[i]?.end);
          expect(stripMarks(marked.text.slice(claim.start, claim.end)).plain).toBe(stripMarks(own).plain);
        }
      }),
      { numRuns: 500 },
    );
  });
});
