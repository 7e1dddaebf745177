export interface Span {
  /** Offsets in UTF-16 units. */
  start: number;
  end: number;
}

/** A blank line, or a line that begins with the mark of a list, a heading, a quote or a table, ends what came before. */
const unitEnd = /\n\s*\n|\n(?=[ \t]*(?:[-*+•] |\d{1,3}[.)] |#{1,6} |>|\|))/g;
/** Marks that are layout, not words. */
const mark = /^(?:\s|[-*+•] |\d{1,3}[.)] |#{1,6} |>)+/;
const sentenceEnd = /(?<=[.!?…]["”’)\]*_]{0,4})\s+(?=["“‘([*_]{0,4}[\p{Lu}\p{N}])/gu;
const abbreviation = /(?:^|[\s(“"])(?:e\.g|i\.e|etc|vs|approx|ca|no|fig|dr|prof|mr|mrs|ms|st|\p{Lu})\.$/iu;

function* pieces(text: string, separator: RegExp, joined: (before: string) => boolean = () => false): Generator<Span> {
  let start = 0;
  for (const match of text.matchAll(separator)) {
    if (joined(text.slice(Math.max(start, match.index - 12), match.index))) continue;
    yield { start, end: match.index };
    start = match.index + match[0].length;
  }
  yield { start, end: text.length };
}

/** The sentences of a passage, in order, without the marks of lists and quotes before them. */
export function sentences(text: string): Span[] {
  const found: Span[] = [];
  for (const unit of pieces(text, unitEnd)) {
    const words = text.slice(unit.start, unit.end);
    for (const piece of pieces(words, sentenceEnd, (before) => abbreviation.test(before))) {
      const raw = words.slice(piece.start, piece.end);
      const start = unit.start + piece.start + (mark.exec(raw)?.[0].length ?? 0);
      const end = unit.start + piece.start + raw.trimEnd().length;
      if (/[\p{L}\p{N}]/u.test(text.slice(start, end))) found.push({ start, end });
    }
  }
  return found;
}
