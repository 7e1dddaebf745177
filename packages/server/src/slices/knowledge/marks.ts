/** A mark such as `[1]` or `[1, 2]`, with the space before it; `[1](…)` is a link. */
const mark = /[ \t]*\[(\d{1,3}(?:[ \t]*[,;][ \t]*\d{1,3}){0,9})\](?!\()/g;
/** What may still become one when more of the text is there. */
const unfinished = /[ \t]*(?:\[[\d,; \t]*\]?)?$/;

export interface Mark {
  /** Where it stood, in UTF-16 units of the text without marks. */
  at: number;
  numbers: number[];
}

/** A text without its citation marks, and where they stood. */
export function stripMarks(text: string): { plain: string; marks: Mark[] } {
  const marks: Mark[] = [];
  let removed = 0;
  const plain = text.replace(mark, (whole: string, list: string, offset: number) => {
    marks.push({ at: offset - removed, numbers: list.split(/[,;]/).map(Number) });
    removed += whole.length;
    return '';
  });
  return { plain, marks };
}

/**
 * Lets a text pass while it is made, without marks: nobody has checked them yet. What may become a mark waits for what follows
 * it. All that passed, joined, is the text that `stripMarks` leaves of the whole.
 */
export function createMarkFilter(pass: (text: string) => void) {
  let held = '';
  const give = (text: string) => {
    const { plain } = stripMarks(text);
    if (plain) pass(plain);
  };
  return {
    onText(more: string): void {
      held += more;
      const from = unfinished.exec(held)?.index ?? held.length;
      // A mark that another follows at once is whole only with it.
      const begins = /(?:[ \t]*\[\d[\d,; \t]*\])+$/.exec(held.slice(0, from))?.index ?? from;
      give(held.slice(0, begins));
      held = held.slice(begins);
    },
    end(): void {
      give(held);
      held = '';
    },
  };
}
