import type { Range } from './highlights.ts';

/** A stretch of a document that is drawn as one: a page, or where there are none, some paragraphs. */
export interface Slice {
  start: number;
  end: number;
  /** The number of the page that begins here. */
  page: number | null;
}

const usual = 8000;
/** Not even a table or a list is drawn in one that is longer. */
const longest = 4 * usual;

/** Where a stretch from `start` on ends: before a heading, between paragraphs, between lines, or anywhere. */
function endOf(text: string, start: number, limit: number): number {
  if (limit - start <= usual) return limit;
  for (const [gap, most] of [
    ['\n#', 2 * usual],
    ['\n\n', 3 * usual],
    ['\n', longest],
  ] as const) {
    const at = text.indexOf(gap, start + usual) + 1;
    if (at > 0 && at < limit && at - start <= most) return at;
  }
  return Math.min(start + longest, limit);
}

/** The text cut into stretches, in order and complete. */
export function slicesOf(text: string, pageStarts: readonly number[] | null): Slice[] {
  const starts = (pageStarts ?? []).filter((start) => start >= 0 && start < text.length);
  const bounds = [...new Set([0, ...starts])].sort((a, b) => a - b);
  const all: Slice[] = [];
  bounds.forEach((from, index) => {
    const to = bounds[index + 1] ?? text.length;
    const page = pageStarts ? pageStarts.lastIndexOf(from) + 1 || null : null;
    for (let start = from; start < to;) {
      const end = endOf(text, start, to);
      all.push({ start, end, page: start === from ? page : null });
      start = end;
    }
  });
  return all;
}

/** What of a range lies in a stretch, counted from its start; null where nothing does. */
export function clip([from, to]: Range, { start, end }: { start: number; end: number }): Range | null {
  const own: Range = [Math.max(from, start) - start, Math.min(to, end) - start];
  return own[1] > own[0] ? own : null;
}
