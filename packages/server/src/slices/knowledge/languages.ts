import { stemmer as stemDanish } from '@orama/stemmers/danish';
import { stemmer as stemDutch } from '@orama/stemmers/dutch';
import { stemmer as stemFrench } from '@orama/stemmers/french';
import { stemmer as stemGerman } from '@orama/stemmers/german';
import { stemmer as stemItalian } from '@orama/stemmers/italian';
import { stemmer as stemNorwegian } from '@orama/stemmers/norwegian';
import { stemmer as stemPortuguese } from '@orama/stemmers/portuguese';
import { stemmer as stemSpanish } from '@orama/stemmers/spanish';
import { stemmer as stemSwedish } from '@orama/stemmers/swedish';
import { stopwords as danish } from '@orama/stopwords/danish';
import { stopwords as dutch } from '@orama/stopwords/dutch';
import { stopwords as french } from '@orama/stopwords/french';
import { stopwords as german } from '@orama/stopwords/german';
import { stopwords as italian } from '@orama/stopwords/italian';
import { stopwords as norwegian } from '@orama/stopwords/norwegian';
import { stopwords as portuguese } from '@orama/stopwords/portuguese';
import { stopwords as spanish } from '@orama/stopwords/spanish';
import { stopwords as swedish } from '@orama/stopwords/swedish';
import { stem as stemEnglish } from './stem.ts';

interface Rules {
  stopWords: Set<string>;
  stem: (word: string) => string;
}

const english =
  'a about above after again all am an and any are as at be because been before being below between both but by can ' +
  'could did do does doing down during each few for from further had has have having he her here hers him his how i if ' +
  'in into is it its itself just me more most my myself no nor not now of off on once only or other our ours out over ' +
  'own same she should so some such than that the their theirs them then there these they this those through to too ' +
  'under until up very was we were what when where which while who whom why will with would you your yours';

const rules = {
  en: { stopWords: new Set(english.split(' ')), stem: stemEnglish },
  de: { stopWords: new Set(german), stem: stemGerman },
  fr: { stopWords: new Set(french), stem: stemFrench },
  es: { stopWords: new Set(spanish), stem: stemSpanish },
  it: { stopWords: new Set(italian), stem: stemItalian },
  nl: { stopWords: new Set(dutch), stem: stemDutch },
  pt: { stopWords: new Set(portuguese), stem: stemPortuguese },
  sv: { stopWords: new Set(swedish), stem: stemSwedish },
  da: { stopWords: new Set(danish), stem: stemDanish },
  no: { stopWords: new Set(norwegian), stem: stemNorwegian },
} satisfies Record<string, Rules>;

/** The languages whose words are searched by their stems. */
export type Language = keyof typeof rules;
export const languages = Object.keys(rules) as Language[];

export const rulesOf = (language: Language): Rules => rules[language];

const sampled = 2000;
/** English words stand in texts of all languages, and some look like stop words of another. */
const margin = 1.5;

function countStopWords(words: Iterable<string>): (language: Language) => number {
  const counts = new Map<Language, number>();
  let seen = 0;
  for (const word of words) {
    // A letter alone is a name rather than a word: vitamin D.
    if (word.length === 1) continue;
    for (const language of languages) {
      if (rules[language].stopWords.has(word)) counts.set(language, (counts.get(language) ?? 0) + 1);
    }
    seen += 1;
    if (seen === sampled) break;
  }
  return (language) => counts.get(language) ?? 0;
}

/** The language that most words of a sample are stop words of; English where none stands out. */
export function detectLanguage(words: Iterable<string>): Language {
  const count = countStopWords(words);
  let best: Language = 'en';
  for (const language of languages) {
    if (count(language) > count('en') * margin && count(language) > count(best)) best = language;
  }
  return best;
}

/** Which of some languages a question is in; null where its few words leave that open, as in "war trauma". */
export function languageOfQuestion(words: Iterable<string>, among: Language[]): Language | null {
  const count = countStopWords(words);
  const [best, second] = among.toSorted((x, y) => count(y) - count(x));
  if (!best || (second && count(second) === count(best))) return null;
  return count(best) >= (best === 'en' ? 1 : 2) ? best : null;
}

/** That of a BCP 47 tag, where there are rules for it. Bokmål and Nynorsk are both searched as Norwegian. */
export function languageOfTag(tag: string | null): Language | null {
  const [primary = ''] = (tag ?? '').toLowerCase().split('-');
  const name = primary === 'nb' || primary === 'nn' ? 'no' : primary;
  return languages.find((language) => language === name) ?? null;
}
