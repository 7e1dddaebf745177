import type { Language } from './languages.ts';
import { sentences } from './sentences.ts';
import { languageOf, terms, termOf, words } from './terms.ts';

/** A passage that a claim may rest on. */
export interface Source {
  chunkId: string;
  documentId: string;
  title: string;
  headingPath: string[];
  text: string;
  curated?: boolean | undefined;
  /** Where the text begins in its document, in UTF-16 units. */
  start: number;
}

export interface Evidence {
  verdict: 'quoted' | 'worded';
  /** Offsets of the sentence in the text of the source. */
  start: number;
  end: number;
}

interface Token {
  /** `hinge` and `denial` are small words that turn what a sentence says. */
  kind: 'number' | 'term' | 'hinge' | 'denial' | 'small' | 'break';
  /** A number, a stem, or a word that is in itself about nothing. */
  text: string;
}

const sets = <T extends string>(lists: Partial<Record<T, string>>) =>
  Object.fromEntries(
    Object.entries<string>(lists as Record<string, string>).map(([l, w]) => [l, new Set(w.split(' '))]),
  );

const negations = sets<Language>({
  en: 'not no never none nobody nothing neither nor without hardly',
  de: 'nicht kein keine keinen keinem keiner keines nie niemals nichts niemand ohne weder',
  fr: 'pas jamais aucun aucune sans rien',
  es: 'no nunca sin ningún ninguna nada',
  it: 'non mai senza nessun nessuno nessuna',
  nl: 'niet geen nooit zonder',
  pt: 'não nunca sem nenhum nenhuma',
  sv: 'inte aldrig utan ingen inga',
  da: 'ikke aldrig uden ingen',
  no: 'ikke aldri uten ingen',
});

/** One that the source does not have, or has elsewhere, makes another sentence. */
const hinges = new Set(
  (
    'before after above below over under more less most least only all both until must ' +
    'vor nach über unter mehr weniger nur alle bis muss müssen'
  ).split(' '),
);

/** What introduces what a source says. */
const carriers = new Set([
  ...terms('according reference material source document passage guide say state mention explain please'),
  ...terms('laut bitte material quelle dokument', 'de'),
]);

const numberWords = new Map(
  [
    'two three four five six seven eight nine ten eleven twelve',
    'zwei drei vier fünf sechs sieben acht neun zehn elf zwölf',
  ].flatMap((list) => list.split(' ').map((word, i): [string, string] => [word, String(i + 2)])),
);

/** As it is compared: without emphasis, contractions written out, numbers apart from their units. */
const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*_`~]/g, '')
    .replace(/\bca(?:nno|n['’])t\b/gi, 'can not')
    .replace(/n['’]t\b/gi, ' not')
    .replace(/(\d)(?=\p{L})/gu, '$1 ');

const piece =
  /(?<number>(?:(?<=^|[\s(])[-−+])?\d+(?:[.,:]\d+)*(?:\s?[%‰°€$£])?)|(?<break>[,;:]|\s[–—-]\s)|(?<word>[\p{L}\p{M}][\p{L}\p{M}\p{N}]*)/gu;

const plainNumber = (raw: string): string =>
  raw
    .replace('−', '-')
    .replace(/\s/g, '')
    .replace(/,(?=\d{3}(?!\d))/g, '')
    .replace(/:00$/, '');

function* tokensOf(text: string, language: Language): Generator<Token> {
  for (const { groups = {} } of fold(text).matchAll(piece)) {
    if (groups.number) yield { kind: 'number', text: plainNumber(groups.number) };
    else if (groups.break) yield { kind: 'break', text: groups.break.trim() };
    for (const { text: word } of words(groups.word ?? '')) {
      const counted = numberWords.get(word);
      const term = termOf(word, language);
      if (counted) yield { kind: 'number', text: counted };
      else if (negations[language]?.has(word)) yield { kind: 'denial', text: word };
      else if (hinges.has(word)) yield { kind: 'hinge', text: word };
      else if (term === null) yield { kind: 'small', text: word };
      else yield { kind: 'term', text: term };
    }
  }
}

interface Read {
  start: number;
  end: number;
  tokens: Token[];
}

export interface ReadSource {
  source: Source;
  language: Language;
  sentences: Read[];
  /** Of its title and headings: a claim may name what its sentence is about. */
  about: Set<string>;
}

export function readSource(source: Source): ReadSource {
  const language = languageOf(source.text, null);
  const read = sentences(source.text).map(({ start, end }) => {
    return { start, end, tokens: [...tokensOf(source.text.slice(start, end), language)] };
  });
  return {
    source,
    language,
    sentences: read,
    about: new Set(terms([source.title, ...source.headingPath].join(' '), language)),
  };
}

const isItem = ({ kind }: Token): boolean => kind === 'number' || kind === 'term';
/** What has to stand in the source, and in its order. */
const isFirm = (token: Token): boolean => isItem(token) || token.kind === 'hinge';
const same = (a: Token, b: Token): boolean => a.kind === b.kind && a.text === b.text;
const isWord = ({ kind }: Token): boolean => kind !== 'break';

type Place = [first: number, last: number];

/** Where `wanted` stands in `tokens`, in order; null where it does not. */
function straight(wanted: Token[], tokens: Token[]): Place | null {
  let at = -1;
  let first = -1;
  for (const item of wanted) {
    at = tokens.findIndex((token, i) => i > at && same(token, item));
    if (at < 0) return null;
    if (first < 0) first = at;
  }
  return [first, at];
}

const longestTurned = 24;

/**
 * In the order of the source, or with two stretches that follow each other exchanged: “on Sundays it is closed” for “it is closed on Sundays”.
 * Numbers keep their order among themselves.
 */
function align(wanted: Token[], tokens: Token[]): Place | null {
  if (!wanted.every((item) => tokens.some((token) => same(token, item)))) return null;
  const found = straight(wanted, tokens);
  if (found || wanted.length > longestTurned) return found;
  const numbers = wanted.filter(({ kind }) => kind === 'number');
  if (numbers.length > 0 && !straight(numbers, tokens)) return null;
  for (let from = 0; from < wanted.length; from += 1) {
    for (let cut = from + 1; cut < wanted.length; cut += 1) {
      for (let to = cut + 1; to <= wanted.length; to += 1) {
        const turned = [
          ...wanted.slice(0, from),
          ...wanted.slice(cut, to),
          ...wanted.slice(from, cut),
          ...wanted.slice(to),
        ];
        const place = straight(turned, tokens);
        if (place) return place;
      }
    }
  }
  return null;
}

/** How often a text denies something. */
export const denialsIn = (text: string, language: Language): number =>
  [...tokensOf(text, language)].filter(({ kind }) => kind === 'denial').length;

const reach = 4;

/** How often what stands there is denied, with what stands just before and after it in its clause. */
function denials(tokens: Token[], [first, last]: Place): number {
  let [from, to] = [first, last];
  while (from > 0 && first - from < reach && tokens[from - 1]?.kind !== 'break') from -= 1;
  while (to < tokens.length - 1 && to - last < reach && tokens[to + 1]?.kind !== 'break') to += 1;
  return tokens.slice(from, to + 1).filter(({ kind }) => kind === 'denial').length;
}

/** Where these words stand one after the other. */
function contiguous(wanted: Token[], tokens: Token[]): Place | null {
  const own = wanted.filter(isWord);
  const at = tokens.flatMap((token, i) => (isWord(token) ? [i] : []));
  for (let i = 0; i + own.length <= at.length; i += 1) {
    if (own.every((word, n) => same(word, tokens[at[i + n] as number] as Token)))
      return [at[i] as number, at[i + own.length - 1] as number];
  }
  return null;
}

const fewest = 2;
/** A part of a sentence needs more to be recognised by. */
const fewestOfPart = 3;

/** Without what only introduces it or names what the document is about, as its beginning may where the source says “it”. */
function wantedOf(claim: Token[], tokens: Token[], about: Set<string>): Token[] {
  const firm = claim.filter(isFirm);
  const isHere = (item: Token): boolean => tokens.some((token) => same(token, item));
  const begins = firm.findIndex((item) => isHere(item) || !(about.has(item.text) || carriers.has(item.text)));
  const rest = firm.slice(Math.max(0, begins));
  const named = firm.slice(0, begins).some(({ text }) => about.has(text));
  const first = tokens.findIndex(isItem);
  // What stands in the place of the title’s word was exchanged for it.
  return named && rest[0] && !same(tokens[first] as Token, rest[0]) ? firm : rest;
}

/** Whether a sentence of the source says it, in its words. */
function inSentence(claim: Token[], { sentences: all, about }: ReadSource, least = fewest): Evidence | null {
  const said = claim.filter(isItem);
  const denied = denials(claim, [0, claim.length - 1]);
  let worded: Evidence | null = null;
  for (const { tokens, start, end } of all) {
    const whole = contiguous(claim, tokens);
    const enough = said.length >= fewest || claim.filter(isWord).length === tokens.filter(isWord).length;
    if (whole && enough && denials(tokens, whole) === denied) return { verdict: 'quoted', start, end };
    if (worded) continue;
    const wanted = wantedOf(claim, tokens, about);
    const place = wanted.filter(isItem).length >= least ? align(wanted, tokens) : null;
    if (place && denials(tokens, place) === denied) worded = { verdict: 'worded', start, end };
  }
  return worded;
}

const joins = new Set('and but or und aber oder sowie'.split(' '));

/** At its commas and its “and”: each part may rest on another sentence. */
function partsOf(claim: Token[]): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of claim) {
    if (token.kind === 'break' || joins.has(token.text)) parts.push([]);
    parts.at(-1)?.push(token);
  }
  return parts.filter((part) => part.length > 0);
}

function inParts(parts: Token[][], source: ReadSource): Evidence[] | null {
  for (let n = parts.length; n > 0; n -= 1) {
    const group = parts.slice(0, n).flat();
    const first = inSentence(group, source, fewestOfPart);
    if (!first) continue;
    const rest = n === parts.length ? [] : inParts(parts.slice(n), source);
    if (rest) return [first, ...rest];
  }
  return null;
}

/** The sentences of a source that say what a claim says; null where they do not. */
export function evidenceFor(claim: string, source: ReadSource): Evidence[] | null {
  const tokens = [...tokensOf(claim, source.language)];
  if (!tokens.some(isItem)) return null;
  const whole = inSentence(tokens, source);
  if (whole) return [whole];
  const parts = partsOf(tokens);
  return parts.length > 1 && parts.length <= 12 ? inParts(parts, source) : null;
}
