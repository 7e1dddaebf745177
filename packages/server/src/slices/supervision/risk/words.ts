import type { Word } from './pattern.ts';
import type { RawToken } from './tokens.ts';

/** Digits and signs that stand for letters; the first that makes a known word counts. */
const leet: Record<string, string[]> = {
  0: ['o'],
  1: ['i', 'l'],
  3: ['e'],
  4: ['a'],
  5: ['s'],
  7: ['t'],
  8: ['b'],
  9: ['g'],
  '@': ['a'],
  $: ['s'],
  '!': ['i', 'l'],
  '|': ['l', 'i'],
  '+': ['t'],
};
const shortestTypo = 5;
const shortestGlued = 9;
const longestWord = 40;
const longestSpaced = 60;

export interface Spelling {
  /** Every word of the rules. */
  vocabulary: ReadonlySet<string>;
  /** Found glued to others, and with a letter starred out. */
  keyWords: ReadonlySet<string>;
  /** Found with one letter wrong, missing, doubled or swapped. */
  typos: ReadonlySet<string>;
  /** What a word is written out as, e.g. a contraction. */
  expand: ReadonlyMap<string, readonly string[]>;
}

const without = (word: string, i: number): string => word.slice(0, i) + word.slice(i + 1);

/** One insertion, deletion, replacement or swap of neighbours apart. */
function oneApart(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (long.length - short.length > 1) return false;
  let i = 0;
  while (i < short.length && short[i] === long[i]) i += 1;
  if (long.length > short.length) return short.slice(i) === long.slice(i + 1);
  const swapped = short[i] === long[i + 1] && short[i + 1] === long[i] && short.slice(i + 2) === long.slice(i + 2);
  return swapped || short.slice(i + 1) === long.slice(i + 1);
}

const unleet = (text: string): string[] => {
  const second = [...text].map((c) => leet[c]?.[1] ?? leet[c]?.[0] ?? c).join('');
  return [[...text].map((c) => leet[c]?.[0] ?? c).join(''), second];
};

/** Undoes what hides a word: repeated letters, digits for letters, a letter starred out, a typing error, a missing space. */
export function createSpelling({ vocabulary, keyWords, typos, expand }: Spelling) {
  const byDeletion = new Map<string, string[]>();
  const byLength = new Map<number, string[]>();
  for (const word of keyWords) byLength.set(word.length, [...(byLength.get(word.length) ?? []), word]);
  for (const word of typos) {
    for (const form of [word, ...[...word].map((_, i) => without(word, i))])
      byDeletion.set(form, [...(byDeletion.get(form) ?? []), word]);
  }
  const anyKeyWord = new RegExp([...keyWords].join('|') || '$.');
  const known = (word: string): boolean => vocabulary.has(word) || expand.has(word);

  const typoOf = (word: string): string | undefined => {
    if (word.length < shortestTypo || word.length > longestWord) return undefined;
    const forms = [word, ...Array.from(word, (_, i) => without(word, i))];
    return forms.flatMap((form) => byDeletion.get(form) ?? []).find((candidate) => oneApart(word, candidate));
  };

  const starredOut = (word: string): string | undefined =>
    byLength.get(word.length)?.find((candidate) => [...candidate].every((c, i) => word[i] === '*' || word[i] === c));

  /** Into as few known words as possible, one of them a key word; whole, or not at all. */
  const unglue = (text: string): string[] | undefined => {
    if (text.length < shortestGlued || text.length > longestSpaced || !anyKeyWord.test(text)) return undefined;
    const best: (string[] | undefined)[] = [[]];
    for (let end = 1; end <= text.length; end += 1) {
      for (let start = Math.max(0, end - 16); start < end; start += 1) {
        const before = best[start];
        const word = text.slice(start, end);
        if (!before || !known(word) || (word.length === 1 && word !== 'i')) continue;
        if (before.length + 1 < (best[end]?.length ?? Infinity)) best[end] = [...before, word];
      }
    }
    const words = best[text.length];
    return words?.some((word) => keyWords.has(word)) ? words : undefined;
  };

  const squeezed = (word: string): string[] => {
    if (!/(.)\1\1/u.test(word)) return [];
    return [word.replace(/(.)\1{2,}/gu, '$1$1'), word.replace(/(.)\1{2,}/gu, '$1')];
  };

  const read = (text: string): string[] => {
    const bare = text.replaceAll("'", '');
    const written = expand.get(text) ?? expand.get(bare);
    if (written) return [...written];
    if (vocabulary.has(bare) || /^\d+$/.test(bare) || bare.length > longestWord * 2) return [bare];
    const candidates = [
      ...squeezed(bare),
      ...(/[\d@$!|+]/.test(bare) ? unleet(bare).flatMap((w) => [w, ...squeezed(w)]) : []),
    ];
    const plain = candidates.find(known) ?? (bare.includes('*') ? starredOut(bare) : undefined);
    if (plain !== undefined) return [...(expand.get(plain) ?? [plain])];
    const fixed = [bare, ...candidates].map(typoOf).find((word) => word !== undefined);
    if (fixed !== undefined) return [fixed];
    const unglued = [bare, ...candidates].map(unglue).find((words) => words !== undefined);
    return unglued ? unglued.flatMap((word) => expand.get(word) ?? [word]) : [bare];
  };

  /** Letters that stand alone one after another: "k i l l". */
  const spacedFrom = (tokens: readonly RawToken[], at: number): number => {
    let end = at;
    while (end < tokens.length && end - at < longestSpaced && (tokens[end] as RawToken).text.length === 1) end += 1;
    return end;
  };

  /** From the longest run to the shortest: what stands before may be a word of one letter. */
  const joined = (tokens: readonly RawToken[], at: number, end: number): string[] | undefined => {
    const text = unleet(
      tokens
        .slice(at, end)
        .map((token) => token.text)
        .join(''),
    )[0] as string;
    if (keyWords.has(text)) return [text];
    return unglue(text) ?? (text.length >= shortestTypo && typoOf(text) ? [typoOf(text) as string] : undefined);
  };

  return function spell(tokens: readonly RawToken[]): Word[] {
    const words: Word[] = [];
    const seen = new Map<string, string[]>();
    const add = (texts: readonly string[], first: RawToken, last: RawToken) => {
      for (const text of texts) words.push({ ...first, end: last.end, text });
    };
    let triedUntil = 0;
    for (let at = 0; at < tokens.length; at += 1) {
      const token = tokens[at] as RawToken;
      const end = token.text.length === 1 && at >= triedUntil ? spacedFrom(tokens, at) : at;
      if (end - at >= 3) {
        const whole = joined(tokens, at, end);
        const later = whole ? undefined : joined(tokens, at + 1, end);
        if (later) add(seen.get(token.text) ?? read(token.text), token, token);
        if (whole ?? later) {
          add(whole ?? later ?? [], tokens[later ? at + 1 : at] as RawToken, tokens[end - 1] as RawToken);
          at = end - 1;
          continue;
        }
        triedUntil = end;
      }
      let texts = seen.get(token.text);
      if (!texts) seen.set(token.text, (texts = read(token.text)));
      add(texts, token, token);
    }
    return words;
  };
}
