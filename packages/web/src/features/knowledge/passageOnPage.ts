/** A stretch of one of the texts that a page is set in, in UTF-16 units. */
export interface Stretch {
  item: number;
  from: number;
  to: number;
}

/** A letter or digit, and where it was written. */
interface Letters {
  text: string;
  at: Stretch[];
}

const isLetter = /[\p{L}\p{N}]/u;

/**
 * Only letters and digits, and those without case and accents: what was read from a page has other spaces, hyphens and
 * signs than what is set on it, and ligatures are one character or several.
 */
function lettersOf(texts: readonly string[]): Letters {
  const letters: Letters = { text: '', at: [] };
  texts.forEach((text, item) => {
    let from = 0;
    for (const character of text) {
      const to = from + character.length;
      for (const unit of character.normalize('NFKD').toLowerCase()) {
        if (!isLetter.test(unit)) continue;
        letters.text += unit;
        for (let n = 0; n < unit.length; n += 1) letters.at.push({ item, from, to });
      }
      from = to;
    }
  });
  return letters;
}

/** How many letters before two places are the same, counted backwards from them. */
function sharedBefore(text: string, at: number, before: string): number {
  let shared = 0;
  while (shared < before.length && shared < at && text[at - 1 - shared] === before[before.length - 1 - shared])
    shared += 1;
  return shared;
}

/** Where a text stands; of several places the one with the same text before it. */
function placeOf(page: string, wanted: string, before: string): number {
  let best = page.indexOf(wanted);
  let most = best < 0 ? 0 : sharedBefore(page, best, before);
  for (let at = best; at >= 0; at = page.indexOf(wanted, at + 1)) {
    const shared = sharedBefore(page, at, before);
    if (shared > most) [best, most] = [at, shared];
  }
  return best;
}

/** A shorter part of a sentence stands in many places. */
const shortestPart = 12;
/** With less of a passage than this marked, what is marked would be something else. */
const enough = 0.5;

type Bounds = [from: number, to: number];

/** The parts of a passage one by one, where a page breaks it or sets something between them. */
function partsOn(page: string, quote: string, before: string): Bounds[] {
  const parts = quote
    .split(/[\n|.!?;:]+/)
    .map((part) => lettersOf([part]).text)
    .filter((part) => part !== '');
  const all = parts.reduce((sum, part) => sum + part.length, 0);
  const found: Bounds[] = [];
  let read = before;
  for (const part of parts) {
    const at = part.length < shortestPart ? -1 : placeOf(page, part, read);
    if (at >= 0) found.push([at, at + part.length]);
    read += part;
  }
  const marked = found.reduce((sum, [from, to]) => sum + to - from, 0);
  return marked >= enough * all ? found : [];
}

/** Letters that follow one another in the same text are one stretch, with what stands between them. */
function together(letters: readonly Stretch[]): Stretch[] {
  const stretches: Stretch[] = [];
  for (const letter of letters) {
    const last = stretches.at(-1);
    if (last?.item === letter.item) last.to = letter.to;
    else stretches.push({ ...letter });
  }
  return stretches;
}

/**
 * Where a passage stands among the texts that a page is set in, null where it is not found. `before` is what stands before
 * the passage in its document, which tells the places apart where it says the same several times.
 */
export function findPassage(texts: readonly string[], quote: string, before = ''): Stretch[] | null {
  const page = lettersOf(texts);
  const wanted = lettersOf([quote]).text;
  if (wanted === '') return null;
  const read = lettersOf([before]).text;
  const at = placeOf(page.text, wanted, read);
  const bounds: Bounds[] = at >= 0 ? [[at, at + wanted.length]] : partsOn(page.text, quote, read);
  const stretches = bounds.flatMap(([from, to]) => together(page.at.slice(from, to)));
  return stretches.length > 0 ? stretches : null;
}
