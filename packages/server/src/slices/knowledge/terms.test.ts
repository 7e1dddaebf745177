import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Language } from './languages.ts';
import { ask, carriedFrom } from './question.ts';
import { languageOf, terms, words } from './terms.ts';

describe('languages', () => {
  test.each([
    ['de', 'Die Patienten wurden von der Klinik über ihre Rechte und die Behandlung aufgeklärt.'],
    ['fr', 'Les patients de la clinique ont été informés de leurs droits et du traitement.'],
    ['es', 'Los pacientes de la clínica fueron informados sobre sus derechos y el tratamiento.'],
    ['en', 'The patients of the clinic were told about their rights and the treatment.'],
    ['en', 'In a study from Nantes, the team of Dr. de la Tour and Les Amis looked at the diet of nurses.'],
    ['en', ''],
  ])('%s: %s', (language, text) => expect(languageOf(text, null)).toBe(language));

  test('what is declared goes before what is found, where there are rules for it', () => {
    expect(languageOf('The text is English.', 'de-AT')).toBe('de');
    expect(languageOf('Die Klinik ist geschlossen und das Haus auch.', 'tlh')).toBe('de');
    expect(languageOf('Teksten er kort.', 'nb-NO')).toBe('no');
  });

  test('forms of a German word are one term', () => {
    expect(terms('Behandlungen, Behandlung', 'de')).toEqual(['behandl', 'behandl']);
    expect(terms('Häuser und ein Haus', 'de')).toEqual(['haus', 'haus']);
  });
});

test('a word written with combining marks is the word', () => {
  expect(terms('Häuser'.normalize('NFD'), 'de')).toEqual(terms('Häuser', 'de'));
});

test('scripts without spaces are searched by pairs of characters', () => {
  expect(terms('東京都の天気')).toEqual(['東京', '京都', '都の', 'の天', '天気']);
  expect(terms('茶 tea')).toEqual(['茶', 'tea']);
});

test('every word stands where it says', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      let last = 0;
      for (const word of words(text)) {
        expect(text.slice(word.start, word.end).normalize('NFKC').toLowerCase()).toBe(word.text);
        expect(word.end).toBeGreaterThan(word.start);
        expect(word.start).toBeGreaterThanOrEqual(last);
        last = word.start;
      }
    }),
    { numRuns: 300 },
  );
});

/** Of material that is half in each language. */
const asking = (question: string, languages: Language[]) => {
  const { terms: weights, ...rest } = ask(question, new Map(languages.map((language) => [language, 10])));
  return { ...rest, terms: [...weights.keys()] };
};

describe('a question', () => {
  test('asks for each stem its words have in the languages of the material', () => {
    expect(asking('Behandlungen', ['en', 'de']).terms).toEqual(['behandlungen', 'behandl']);
  });

  test('is asked in its own language where that is clear', () => {
    expect(asking('what is the dose of it', ['en', 'de']).terms).toEqual(['dose']);
    expect(asking('was ist die Dosis', ['en', 'de']).terms).toEqual(['dosis']);
    expect(asking('war trauma', ['en', 'de']).terms).toContain('war');
  });

  test('words of a language that little of the material is in count little', () => {
    const held = new Map<Language, number>([
      ['en', 99],
      ['de', 1],
    ]);
    const { terms: weights } = ask('Behandlungen Aspirin', held);
    expect([weights.get('behandlungen'), weights.get('aspirin')]).toEqual([1, 1]);
    expect(weights.get('behandl')).toBeCloseTo(1 / 99);
  });

  test('keeps a letter that names something', () => {
    expect(asking('vitamin d', ['en', 'fr']).terms).toEqual(['vitamin', 'd']);
  });

  test('knows which words follow each other, and what stands in quotation marks', () => {
    expect(asking('opening hours of "the day clinic"', ['en'])).toEqual({
      words: 4,
      terms: ['open', 'hour', 'dai', 'clinic'],
      pairs: [
        ['open', 'hour'],
        ['hour', 'dai'],
        ['dai', 'clinic'],
      ],
      phrases: [[['dai', 'clinic']]],
    });
    expect(asking('„Haus am See“ und «le lac»', ['de']).phrases).toEqual([[['haus', 'see']], [['le', 'lac']]]);
  });
});

describe('a question that leans on the one before', () => {
  const before = 'When is the day clinic open?';
  test.each([
    ['And on Sundays?', before],
    ['What about public holidays?', before],
    ['How much is it?', before],
    ['Why?', before],
    ['Und am Sonntag?', before],
    ['Which tram stops at the house?', ''],
    ['Is it true that the new medication for asthma helps children sleep?', ''],
    ['Opening hours?', ''],
  ])('%s', (question, carried) => expect(carriedFrom(before, question)).toBe(carried));

  test('carried words count half, the question’s own in full', () => {
    const { terms: weights } = ask('And on Sundays?', new Map([['en', 1]]), before);
    expect([...weights]).toEqual([
      ['sundai', 1],
      ['dai', 0.5],
      ['clinic', 0.5],
      ['open', 0.5],
    ]);
  });
});
