import { detectLanguage, languageOfQuestion, type Language } from './languages.ts';
import { terms, wordsOf } from './terms.ts';

/** A question in the words it is searched by. */
export interface Asked {
  /** How many words it has that mean something. */
  words: number;
  /** How much each counts. */
  terms: Map<string, number>;
  /** Terms that follow each other. */
  pairs: [string, string][];
  /** What stood in quotation marks; of each, the ways it may be stemmed. */
  phrases: string[][][];
}

/** What a search costs grows with the words it is asked; a message of 32,000 characters asks no more than a paragraph. */
const mostTerms = 100;
const carriedShare = 0.5;
const quoted = /"([^"]+)"|“([^”“]+)”|„([^“”„]+)[“”]|«([^»]+)»/g;

const pairsOf = (list: string[]): [string, string][] =>
  list.slice(1).flatMap((term, i): [string, string][] => (term === list[i] ? [] : [[list[i] ?? '', term]]));

const distinct = <T>(list: T[]): T[] => [...new Map(list.map((item) => [JSON.stringify(item), item])).values()];

/**
 * Material in several languages is asked in that of the question, or, where it is open which that is, in all of them, each
 * word by each stem it has; those of a language that little of the material is in count little. `carried` are words of
 * the question before, which count half.
 */
export function ask(question: string, held: Map<Language, number>, carried = ''): Asked {
  const own = languageOfQuestion(wordsOf(question), [...held.keys()]);
  const languages = own ? [own] : [...held.keys()];
  const ways = languages.map((language) => terms(question, language).slice(0, mostTerms));
  const most = Math.max(...languages.map((language) => held.get(language) ?? 0));
  const weights = new Map<string, number>();
  for (const [i, language] of languages.entries()) {
    const share = (held.get(language) ?? 0) / most;
    for (const term of ways[i] ?? []) weights.set(term, Math.max(weights.get(term) ?? 0, share));
    for (const term of terms(carried, language).slice(0, mostTerms)) {
      weights.set(term, Math.max(weights.get(term) ?? 0, share * carriedShare));
    }
  }
  const phrases = [...question.matchAll(quoted)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? match[4] ?? '')
    .map((phrase) => distinct(languages.map((language) => terms(phrase, language)).filter((way) => way.length > 0)))
    .filter((found) => found.length > 0);
  const length = Math.min(...ways.map((way) => new Set(way).size));
  return { words: length, terms: weights, pairs: distinct(ways.flatMap(pairsOf)), phrases };
}

/** What points back to what was said before. */
const pointers = new Set(
  (
    'it its they them their this that these those he she him her his one ones there then ' +
    'es er sie ihn ihm ihr ihre das dies diese dieser dieses den dort da davon dafür damit dazu daran'
  ).split(' '),
);
const continuation =
  /^\W*(?:and|but|or|so|also|what about|how about|und|aber|oder|auch|was ist mit|wie ist es mit)(?!\p{L})/iu;
/** A question of more words says what it is about. */
const mostAnaphoric = 4;

/** Whether somebody asks for these very words. */
export const quotes = (question: string): boolean => question.search(quoted) >= 0;

/** Whether a question points back to what was said before, and how many of its words mean something. */
export function leaning(before: string, question: string): { leans: boolean; meant: number } {
  const own = [...wordsOf(question)];
  const meant = terms(question, detectLanguage([...own, ...wordsOf(before)])).length;
  return { leans: meant <= 1 || continuation.test(question) || own.some((word) => pointers.has(word)), meant };
}

/**
 * The words of the question before that a short question which leans on it is searched with: "And on Sundays?" says too
 * little. Empty where it stands on its own.
 */
export function carriedFrom(before: string | undefined, question: string): string {
  if (before === undefined) return '';
  const { leans, meant } = leaning(before, question);
  return leans && meant <= mostAnaphoric ? before : '';
}
