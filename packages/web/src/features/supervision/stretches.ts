interface Span {
  start: number;
  end: number;
}

export interface Stretch {
  text: string;
  marked: boolean;
}

/** A piece of a text that begins at `from` there, cut where marks begin and end. Spans are of the whole text. */
export function stretchesOf(piece: string, from: number, spans: readonly Span[]): Stretch[] {
  const found: Stretch[] = [];
  let at = 0;
  const add = (to: number, marked: boolean) => {
    if (to > at) found.push({ text: piece.slice(at, to), marked });
    at = Math.max(at, to);
  };
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    add(Math.min(Math.max(start - from, at), piece.length), false);
    add(Math.min(end - from, piece.length), true);
  }
  add(piece.length, false);
  return found;
}
