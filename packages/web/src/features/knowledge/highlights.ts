/** From and to, in UTF-16 units. */
export type Range = readonly [number, number];

export interface Piece {
  text: string;
  marked: boolean;
}

const word = /[\p{L}\p{N}]+/gu;
/** Words as short as these are in every sentence. */
const shortest = 3;
/** So much of two words is the same where they differ only in their endings. */
const shared = { letters: 4, ofLonger: 0.55 };

function areAlike(a: string, b: string): boolean {
  if (a === b) return true;
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  return same >= shared.letters && same >= shared.ofLonger * Math.max(a.length, b.length);
}

const folded = (text: string): string => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

/** Where words of the question stand in a text, endings aside; for the eye only, and no statement about the search. */
export function rangesOf(text: string, query: string): Range[] {
  const wanted = [...folded(query).matchAll(word)].map(([found]) => found).filter((w) => w.length >= shortest);
  if (wanted.length === 0) return [];
  return [...text.matchAll(word)]
    .filter(([found]) => wanted.some((asked) => areAlike(folded(found), asked)))
    .map((match): Range => [match.index, match.index + match[0].length]);
}

/** The text cut at its ranges, in order and complete. Ranges may overlap, and reach outside of the text. */
export function pieces(text: string, ranges: readonly Range[]): Piece[] {
  const all: Piece[] = [];
  let at = 0;
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    const [start, end] = [Math.max(from, at), Math.min(to, text.length)];
    if (end <= start) continue;
    if (start > at) all.push({ text: text.slice(at, start), marked: false });
    all.push({ text: text.slice(start, end), marked: true });
    at = end;
  }
  if (at < text.length) all.push({ text: text.slice(at), marked: false });
  return all;
}
