import { detectLanguage, languageOfTag, rulesOf, type Language } from './languages.ts';

export interface Word {
  text: string;
  /** Offsets in UTF-16 units. */
  start: number;
  end: number;
}

const run = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;
/** Scripts that put no spaces between words are searched by pairs of characters. */
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;
const longest = 64;

/** The words of a text as they are compared: composed, in lower case. */
export function* words(text: string): Generator<Word> {
  for (const match of text.matchAll(run)) {
    const [raw] = match;
    if (unspaced.test(raw)) yield* pairs(raw, match.index);
    else {
      const word = raw.normalize('NFKC').toLowerCase();
      if (word.length <= longest) yield { text: word, start: match.index, end: match.index + raw.length };
    }
  }
}

function* pairs(text: string, at: number): Generator<Word> {
  const characters = [...text];
  let start = at;
  for (const [i, first] of characters.entries()) {
    const second = characters[i + 1] ?? '';
    if (second || characters.length === 1) {
      yield {
        text: (first + second).normalize('NFKC').toLowerCase(),
        start,
        end: start + first.length + second.length,
      };
    }
    start += first.length;
  }
}

/** A word is stemmed once, not once for each time it stands somewhere. */
const stems = new Map<Language, Map<string, string | null>>();
const mostStems = 50_000;

/** What a word is searched by; null for one that says nothing about what a text is about. */
export function termOf(word: string, language: Language): string | null {
  let known = stems.get(language);
  if (!known || known.size > mostStems) stems.set(language, (known = new Map()));
  let term = known.get(word);
  if (term === undefined) {
    const { stopWords, stem } = rulesOf(language);
    term = stopWords.has(word) ? null : stem(word);
    known.set(word, term);
  }
  return term;
}

/** The stemmed content words of a text, in order. */
export function terms(text: string, language: Language = 'en'): string[] {
  const found: string[] = [];
  for (const word of words(text)) {
    const term = termOf(word.text, language);
    if (term !== null) found.push(term);
  }
  return found;
}

export function* wordsOf(text: string): Generator<string> {
  for (const word of words(text)) yield word.text;
}

/** The declared language where there are rules for it, else the one the text is written in. */
export const languageOf = (text: string, declared: string | null): Language =>
  languageOfTag(declared) ?? detectLanguage(wordsOf(text));
