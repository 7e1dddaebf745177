export const deidCategories = [
  'name',
  'email',
  'phone',
  'url',
  'handle',
  'ip',
  'iban',
  'card',
  'id',
  'address',
  'zip',
  'place',
  'organisation',
  'date',
  'age',
] as const;
export type DeidCategory = (typeof deidCategories)[number];

/** A piece of a text that identifies somebody, in UTF-16 units. */
export interface Span {
  start: number;
  end: number;
  category: DeidCategory;
}

/** In order, without overlaps: those that overlap become one, of the longest one's category, or of the first of that length. */
export function settle(found: Span[]): Span[] {
  const settled: Span[] = [];
  let longest = 0;
  for (const next of [...found].sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = settled.at(-1);
    const length = next.end - next.start;
    if (!last || next.start >= last.end) {
      settled.push({ ...next });
      longest = length;
      continue;
    }
    if (length > longest) {
      last.category = next.category;
      longest = length;
    }
    last.end = Math.max(last.end, next.end);
  }
  return settled;
}

/** Every match of a pattern as a span; with a group named `it`, that group alone. */
export function matches(
  text: string,
  pattern: RegExp,
  category: DeidCategory,
  accept: (found: string) => boolean = () => true,
): Span[] {
  const found: Span[] = [];
  for (const match of text.matchAll(pattern)) {
    const whole = match.groups?.['it'] ?? match[0];
    const start = match.index + (match.groups?.['it'] === undefined ? 0 : match[0].lastIndexOf(whole));
    // The end of a sentence is not part of a name; that of an initial is.
    const it = category === 'name' ? whole.replace(/(?<=\p{L}\p{L})\.$/u, '') : whole;
    if (it.trim() !== '' && accept(it)) found.push({ start, end: start + it.length, category });
  }
  return found;
}

/** The text of pieces, with what stands in place of what was taken out. */
export const joined = (pieces: ({ text: string } | { replacement: string })[]): string =>
  pieces.map((piece) => ('text' in piece ? piece.text : piece.replacement)).join('');
