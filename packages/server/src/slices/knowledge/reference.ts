import type { Passage } from '@rapport/protocol/knowledge';
import type { Citation } from '@rapport/protocol/sessions';
import { sentences } from './sentences.ts';
import { terms } from './terms.ts';

const mostQuotes = 3;
/** The share of the question, by the weight of its words, that a sentence with its heading must hold. */
const floor = 0.4;
/** What follows the best quote must be nearly as good; otherwise one quote is the clearer answer. */
const nearBest = 0.7;
/** A word that stands only in the title or the heading above a sentence says less than one in it. */
const headingShare = 0.6;
const proximityShare = 0.1;
const rankCost = 0.01;

const frames = {
  en: {
    what: 'I am not an AI model: I answer only by quoting the reference material.',
    ask: 'Ask me something about it.',
    found: 'The reference material says:',
    curated: 'An answer that the team approved:',
    none: 'No passage of the reference material answers this.',
  },
  de: {
    what: 'Ich bin kein KI-Modell: Ich antworte nur mit Zitaten aus dem Referenzmaterial.',
    ask: 'Fragen Sie mich etwas dazu.',
    found: 'Im Referenzmaterial steht:',
    curated: 'Eine vom Team geprüfte Antwort:',
    none: 'Keine Stelle des Referenzmaterials beantwortet das.',
  },
};

const german = /^de(?![a-z])/i;

const smallTalk = new RegExp(
  `^\\W*(?:${[
    '(?:hi|hello|hey|hallo|guten (?:tag|morgen|abend)|good (?:morning|afternoon|evening|day))(?: there)?',
    'thanks?(?: a lot| so much)?|thank you(?: very much| so much)?|danke(?: schön)?|ok(?:ay)?|bye|goodbye|tschüss',
    '(?:who|what) are you|what can you do|wer bist du|wer sind sie',
  ].join('|')})\\W*$`,
  'iu',
);

/** Words of asking rather than of what is asked; nobody misses them in an answer. */
export const fillers = new Set(
  terms('okay ok please tell happens need want know like get question ask explain mean find anything something anyone'),
);

/** The words an answer must hold; those of asking only where there are no others. */
function askedFor(question: string): Set<string> {
  const all = terms(question);
  const meant = all.filter((term) => !fillers.has(term));
  return new Set(meant.length > 0 ? meant : all);
}

interface Candidate {
  passage: Passage;
  start: number;
  end: number;
  own: string[];
  heading: Set<string>;
}

function candidates(passages: Passage[]): Candidate[] {
  return passages.flatMap((passage) => {
    const heading = new Set(terms([passage.title, ...passage.headingPath].join(' ')));
    return sentences(passage.text).map(({ start, end }) => {
      return { passage, start, end, heading, own: terms(passage.text.slice(start, end)) };
    });
  });
}

/** A word that stands in few sentences tells more; one that stands in none weighs most, so that it is missed. */
function weigh(asked: Set<string>, among: Candidate[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const term of asked) {
    const held = among.filter((c) => c.own.includes(term)).length;
    weights.set(term, Math.log(1 + among.length / (held + 0.5)));
  }
  return weights;
}

/** From 0 to 1: how close together the words of the question stand; 0 for a single word. */
function proximity(own: string[], asked: Set<string>): number {
  const at = own.flatMap((term, i) => (asked.has(term) ? [i] : []));
  const held = new Set(at.map((i) => own[i])).size;
  if (held < 2) return 0;
  return held / ((at.at(-1) ?? 0) - (at[0] ?? 0) + 1);
}

function coverage({ own, heading }: Candidate, weights: Map<string, number>): number {
  let all = 0;
  let held = 0;
  for (const [term, weight] of weights) {
    all += weight;
    if (own.includes(term)) held += weight;
    else if (heading.has(term)) held += weight * headingShare;
  }
  return held / all;
}

/** The sentences that pass the floor, best first. */
function choose(question: string, passages: Passage[]): Candidate[] {
  const asked = askedFor(question);
  if (asked.size === 0) return [];
  const all = candidates(passages);
  const weights = weigh(asked, all);
  const scored = all
    .map((c) => ({ c, covered: coverage(c, weights) }))
    .filter(({ covered }) => covered >= floor)
    .map(({ c, covered }) => ({
      c,
      // Among equals the better passage wins.
      score: covered + proximityShare * proximity(c.own, asked) - rankCost * passages.indexOf(c.passage),
    }))
    .sort((x, y) => y.score - x.score);
  const best = scored[0]?.score ?? 0;
  return scored
    .filter(({ score }) => score >= best * nearBest)
    .map(({ c }) => c)
    .filter((c, i, list) => list.findIndex((other) => quoteOf(other) === quoteOf(c)) === i)
    .slice(0, mostQuotes);
}

const quoteOf = ({ passage, start, end }: Candidate): string => passage.text.slice(start, end);

const toCitation = (candidate: Candidate): Citation => ({
  chunkId: candidate.passage.chunkId,
  documentId: candidate.passage.documentId,
  title: candidate.passage.title,
  quote: quoteOf(candidate),
  start: candidate.passage.start + candidate.start,
  end: candidate.passage.start + candidate.end,
});

const frameOf = (locale: string) => (german.test(locale) ? frames.de : frames.en);

/** What nobody looks up in any material. */
export const isSmallTalk = (text: string): boolean => smallTalk.test(text);

/** What is said where the material holds no answer. */
export const notInMaterial = (locale = 'en'): string => frameOf(locale).none;

const citationOf = ({ chunkId, documentId, title, text }: Passage): Citation => {
  return { chunkId, documentId, title, quote: text, start: 0, end: text.length, curated: true };
};

/**
 * The reference engine: answers a question with the sentences that hold most of its words, weighed by how rare they are
 * and how close together they stand, and says plainly when none does. Nothing but approved answers, quotes and fixed sentences, these in
 * English or, for a locale of German, in German.
 */
export function answerFromPassages(
  question: string,
  passages: Passage[],
  locale = 'en',
): { text: string; citations: Citation[] } {
  const frame = frameOf(locale);
  if (isSmallTalk(question)) return { text: `${frame.what} ${frame.ask}`, citations: [] };
  const approved = passages.find(({ curated }) => curated);
  // As it was written: it needs no quoting, and nothing beside it.
  if (approved) return { text: `${frame.curated}\n\n${approved.text}`, citations: [citationOf(approved)] };
  const citations = choose(question, passages).map(toCitation);
  if (citations.length === 0) return { text: `${frame.none} ${frame.what}`, citations };
  const quotes = citations.map((c, i) => `> ${c.quote.replaceAll('\n', '\n> ')}\n>\n> — [${i + 1}] ${c.title}`);
  return { text: `${frame.found}\n\n${quotes.join('\n\n')}`, citations };
}
