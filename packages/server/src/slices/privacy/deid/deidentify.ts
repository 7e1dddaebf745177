import { setImmediate } from 'node:timers/promises';
import { generalise } from './generalise.ts';
import { findNames, findOrganisations, findPlaces, germannessOf, isGerman } from './names.ts';
import { findAddresses, findAges, findDates, findPatterns, findZips } from './patterns.ts';
import { settle, type DeidCategory, type Span } from './spans.ts';
import { ambiguousNames, harmless } from './words.ts';

export type { DeidCategory } from './spans.ts';

/** What is known of the people of a conversation before it is read. */
export interface KnownIdentifiers {
  /** Names and aliases: of the client, of the team. */
  names: string[];
  /** Texts about the client: what identifies in them identifies in the conversation, too. */
  about: string[];
}

/** A piece of a text: as it was, or what stands in its place. */
export type Piece = { text: string } | { original: string; replacement: string; category: DeidCategory };

export interface DeidOptions {
  /** What stands for an original of which nothing may stay. */
  label(category: DeidCategory, original: string): string;
  today: Date;
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Parts of names worth looking for by themselves; one that is also a word only with its capital. */
const partsOf = (name: string): string[] =>
  name
    .split(/[\s,]+/)
    .map((part) => part.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, ''))
    .filter((part) => part.length >= 2 && !harmless.has(part.toLowerCase()));

/** Letters with and without their marks, as people type them. */
const loosely = (text: string): string =>
  [...text.normalize('NFD').replace(/\p{M}/gu, '')]
    .map((letter) => (/\p{L}/u.test(letter) ? `${escape(letter)}\\p{M}?` : escape(letter)))
    .join('');

/** Finds the given names in a text whose marks are taken apart, and gives their place in the text as it is. */
function findKnown(text: string, names: string[]): Span[] {
  const wanted = new Set(names.flatMap((name) => [name.trim(), ...partsOf(name)]).filter((name) => name.length >= 2));
  if (wanted.size === 0) return [];
  // Where each unit of the taken-apart text stands in the text.
  const at: number[] = [];
  let apart = '';
  let unit = 0;
  for (const letter of text) {
    const decomposed = letter.normalize('NFD');
    for (let i = 0; i < decomposed.length; i += 1) at.push(unit);
    apart += decomposed;
    unit += letter.length;
  }
  at.push(text.length);
  const found: Span[] = [];
  for (const name of [...wanted].sort((a, b) => b.length - a.length)) {
    const isWord = ambiguousNames.has(name.toLowerCase()) || name.length < 3;
    const pattern = new RegExp(
      `(?<![\\p{L}\\p{N}])${loosely(name)}(?![\\p{L}\\p{N}\\p{M}])(?:['’]s)?`,
      isWord ? 'gu' : 'giu',
    );
    for (const match of apart.matchAll(pattern)) {
      const whole = match[0].replace(/['’]s$/, '');
      const start = at[match.index] ?? 0;
      found.push({ start, end: at[match.index + whole.length] ?? text.length, category: 'name' });
    }
  }
  return found;
}

/** Patterns take more than twice as long on a text of twice the length: a long one is read in parts. */
const windowLength = 2500;

/** Where the parts of a text end: after a space, unless there is none. */
function windowsOf(text: string): [start: number, end: number][] {
  const windows: [number, number][] = [];
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + windowLength);
    const space = end < text.length ? text.slice(start, end).search(/\s\S*$/) : -1;
    if (space > 0) end = start + space + 1;
    windows.push([start, end]);
    start = end;
  }
  return windows;
}

async function findUnknown(text: string, around: number): Promise<Span[]> {
  const found: Span[] = [];
  for (const [from, to] of windowsOf(text)) {
    const spans = findIn(text.slice(from, to), around);
    found.push(...spans.map((span) => ({ ...span, start: span.start + from, end: span.end + from })));
    await setImmediate();
  }
  return found;
}

/** What can be found without knowing anybody. */
const findIn = (text: string, around: number): Span[] => [
  ...findPatterns(text),
  ...findDates(text),
  ...findAges(text),
  ...findAddresses(text),
  ...findZips(text),
  ...findOrganisations(text),
  ...findPlaces(text),
  ...findNames(text, isGerman(text, around)),
];

/** Names in what was found, to be looked for again where nothing around them says that they are names. */
function namesIn(text: string, spans: Span[]): string[] {
  return settle(spans)
    .filter((span) => span.category === 'name')
    .flatMap((span) => partsOf(text.slice(span.start, span.end)))
    .filter((part) => part.length >= 3 && !ambiguousNames.has(part.toLowerCase()));
}

function cut(text: string, spans: Span[], { label, today }: DeidOptions): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { start, end, category } of settle(spans)) {
    if (start > at) pieces.push({ text: text.slice(at, start) });
    const original = text.slice(start, end);
    const replacement = generalise(category, original, today) ?? label(category, original);
    pieces.push({ original, replacement, category });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

/**
 * Takes out of the texts of one conversation what identifies people: what is known of them first, then what has a form of
 * its own, then names; a name found in one text is looked for in all. It misses some: a person has to read the result.
 * Other work of the process goes on between two texts.
 */
export async function deidentify(texts: string[], known: KnownIdentifiers, options: DeidOptions): Promise<Piece[][]> {
  const around = germannessOf(texts);
  const aboutAround = germannessOf(known.about);
  const names = [...known.names];
  for (const text of known.about) names.push(...namesIn(text, await findUnknown(text, aboutAround)));
  const found: Span[][] = [];
  for (const text of texts) found.push(await findUnknown(text, around));
  const all = [...new Set([...names, ...texts.flatMap((text, i) => namesIn(text, found[i] ?? []))])];
  const pieces: Piece[][] = [];
  for (const [i, text] of texts.entries()) {
    pieces.push(cut(text, [...findKnown(text, all), ...(found[i] ?? [])], options));
    await setImmediate();
  }
  return pieces;
}
