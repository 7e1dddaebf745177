/** A mark such as `[1]` or `[1, 2]`; `[1](…)` is a link. */
const mark = /^\[(\d{1,3}(?:[ \t]*[,;][ \t]*\d{1,3}){0,9})\]$/;
const blank = /[ \t]/;
const inMark = /[\d,; \t[]/;

export interface Mark {
  /** Where it stood, in UTF-16 units of the text without marks. */
  at: number;
  numbers: number[];
}

/** The numbers of the mark that a text ends with, and where it begins with the space before it. */
function markAtEnd(text: string): { from: number; numbers: number[] } | null {
  if (!text.endsWith(']')) return null;
  const opened = text.lastIndexOf('[');
  const list = opened < 0 ? undefined : mark.exec(text.slice(opened))?.[1];
  return list === undefined ? null : { from: beforeBlanks(text, opened), numbers: list.split(/[,;]/).map(Number) };
}

function beforeBlanks(text: string, end: number): number {
  let at = end;
  while (at > 0 && blank.test(text.charAt(at - 1))) at -= 1;
  return at;
}

/** From where on a text may still become a mark, or stand before one, when more of it is there. */
function unsettledFrom(text: string): number {
  const known = markAtEnd(text)?.from ?? text.length;
  let at = known;
  while (at > 0 && inMark.test(text.charAt(at - 1))) at -= 1;
  const opened = text.slice(at, known).indexOf('[');
  return beforeBlanks(text, opened < 0 ? known : at + opened);
}

/**
 * Lets a text pass while it is made, without marks: nobody has checked them yet. What may become a mark waits for what follows
 * it. A mark that the taking out of another leaves is taken out as well, so that none is ever in what passed.
 */
export function createMarkFilter(pass: (text: string) => void, found: (mark: Mark) => void = () => undefined) {
  let held = '';
  let passed = 0;
  const takeOut = () => {
    const last = markAtEnd(held);
    if (!last) return;
    held = held.slice(0, last.from);
    found({ at: passed + last.from, numbers: last.numbers });
  };
  const give = (length: number) => {
    if (length > 0) pass(held.slice(0, length));
    passed += length;
    held = held.slice(length);
  };
  return {
    onText(more: string): void {
      for (const piece of more.split(/(?<=\])/)) {
        if (piece && !piece.startsWith('(')) takeOut();
        held += piece;
        give(unsettledFrom(held));
      }
    },
    end(): void {
      takeOut();
      give(held.length);
    },
  };
}

/** A text without its citation marks, and where they stood. */
export function stripMarks(text: string): { plain: string; marks: Mark[] } {
  const marks: Mark[] = [];
  let plain = '';
  const filter = createMarkFilter(
    (more) => (plain += more),
    (found) => {
      // A mark around others takes away where they stood.
      const within = marks.slice(marks.findLastIndex(({ at }) => at <= found.at) + 1);
      for (const one of within) one.at = found.at;
      marks.push(found);
    },
  );
  filter.onText(text);
  filter.end();
  return { plain, marks };
}
