import { escapeBlock, table } from '../markdown.ts';
import { isText, joinLines, type Item, type TextItem } from './pdf.tags.ts';

/** A piece of a line, apart from its neighbours like the cells of a table. */
interface Segment {
  x: number;
  text: string;
}

export interface Line {
  x: number;
  y: number;
  end: number;
  size: number;
  segments: Segment[];
  length: number;
}

/** In sizes of the letters: a gap between words, and one between columns. */
const wordGap = 0.15;
const columnGap = 1.6;

const sizeOf = ({ transform: [a = 0, b = 0] }: TextItem): number => Math.hypot(a, b) || 1;

function append(line: Line, item: TextItem, x: number): void {
  const gap = x - line.end;
  const last = line.segments.at(-1);
  if (!last || gap > columnGap * line.size) line.segments.push({ x, text: item.str });
  else
    last.text +=
      gap > wordGap * line.size && !/\s$/.test(last.text) && !/^\s/.test(item.str) ? ` ${item.str}` : item.str;
  // A bullet may be of another size than its text.
  line.size = line.length <= 2 ? sizeOf(item) : Math.max(line.size, sizeOf(item));
  line.end = Math.max(line.end, x + item.width);
  line.length += item.str.length;
}

/** The lines of a page in the order in which the document writes them, which mostly is the order of reading. */
export function linesOf(items: Item[]): Line[] {
  const lines: Line[] = [];
  for (const item of items) {
    if (!isText(item) || item.str.trim() === '') continue;
    const [, , , , x = 0, y = 0] = item.transform;
    const size = sizeOf(item);
    const line = lines.at(-1);
    const goesOn = line && Math.abs(line.y - y) < 0.5 * Math.max(size, line.size) && x > line.end - line.size;
    if (line && goesOn) append(line, item, x);
    else {
      const started: Line = { x, y, end: x, size, segments: [], length: 0 };
      append(started, item, x);
      lines.push(started);
    }
  }
  return lines;
}

const textOf = (line: Line): string => line.segments.map(({ text }) => text.trim()).join(' ');

/** The value that most letters have. */
function usual(lines: Line[], value: (line: Line) => number): number {
  const letters = new Map<number, number>();
  for (const line of lines) letters.set(value(line), (letters.get(value(line)) ?? 0) + line.length);
  return [...letters].reduce((best, one) => (one[1] > best[1] ? one : best), [1, -1])[0];
}

const rounded = (line: Line): number => Math.round(line.size * 2) / 2;

interface Style {
  body: number;
  /** Sizes of headings, the largest first. */
  headings: number[];
  /** Where most lines end that fill their width. */
  right: number;
}

function styleOf(lines: Line[]): Style {
  const body = usual(lines, rounded);
  const sizes = new Set(lines.filter((line) => isLarge(line, body)).map(rounded));
  const ends = lines.filter((line) => rounded(line) === body).map(({ end }) => end);
  ends.sort((a, b) => a - b);
  return { body, headings: [...sizes].sort((a, b) => b - a), right: ends[Math.floor(ends.length * 0.8)] ?? 0 };
}

const isLarge = (line: Line, body: number): boolean =>
  rounded(line) >= body * 1.15 && line.length <= 200 && /\p{L}/u.test(textOf(line));

const marker = /^(?:[•◦▪‣●○■–*-]|\uf0b7|(?:\d{1,3}|[a-z])[.)])(?=\s|$)\s*/u;

/** Rows that stand below each other in the same columns; at least two of them. Returns how many lines they take. */
function tableAt(lines: Line[], from: number): { rows: string[][]; count: number } | null {
  const head = lines[from];
  if (!head || head.segments.length < 2) return null;
  const columns = head.segments.map(({ x }) => x);
  const rows: string[][] = [];
  let at = from;
  let full = 0;
  for (; at < lines.length; at += 1) {
    const line = lines[at] as Line;
    const above = lines[at - 1];
    if (at > from && above && (above.y - line.y > 4 * line.size || line.y > above.y)) break;
    const cells = placed(line, columns);
    if (!cells || (line.segments.length === 1 && cells[0])) break;
    // A line without a first cell goes on with the cells above.
    if (line.segments.length === 1 && rows.length > 0) mergeInto(rows.at(-1) ?? [], cells);
    else rows.push(cells);
    if (line.segments.length > 1) full += 1;
  }
  return full >= 2 ? { rows, count: at - from } : null;
}

function placed(line: Line, columns: number[]): string[] | null {
  const cells = columns.map(() => '');
  for (const { x, text } of line.segments) {
    const column = columns.findIndex((start) => Math.abs(start - x) <= 1.5 * line.size);
    if (column < 0 || cells[column]) return null;
    cells[column] = text;
  }
  return cells;
}

function mergeInto(row: string[], cells: string[]): void {
  cells.forEach((text, at) => {
    if (text) row[at] = joinLines(row[at] ?? '', text);
  });
}

/** Whether a line goes on with the paragraph above it. */
function continues(above: Line, line: Line, { right }: Style): boolean {
  const gap = above.y - line.y;
  if (Math.abs(above.size - line.size) > 0.1 * above.size || gap <= 0 || gap > 1.65 * line.size) return false;
  if (marker.test(textOf(line))) return false;
  // A sentence that ends well before the margin ends its paragraph.
  return above.end > 0.8 * right || !/[.!?:]["”’)]?$/.test(textOf(above));
}

function pageOf(lines: Line[], style: Style): string {
  const blocks: string[] = [];
  let above: Line | undefined;
  let kind = '';
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as Line;
    const found = tableAt(lines, at);
    if (found) {
      blocks.push(table(found.rows));
      at += found.count - 1;
      above = undefined;
      continue;
    }
    const text = textOf(line);
    const level = isLarge(line, style.body) ? Math.min(4, 1 + style.headings.indexOf(rounded(line))) : 0;
    const now = level > 0 ? `h${level}` : 'p';
    const last = blocks.length - 1;
    if (above && now === kind && continues(above, line, style)) blocks[last] = joinLines(blocks[last] ?? '', text);
    else if (level > 0) blocks.push(`${'#'.repeat(level)} ${text}`);
    else blocks.push(asItem(text));
    above = line;
    kind = now;
  }
  return blocks.join('\n\n').replaceAll(/(^(?:- |\d+\. ).*)\n\n(?=- |\d+\. )/gm, '$1\n');
}

function asItem(text: string): string {
  const [mark = ''] = marker.exec(text) ?? [];
  if (mark === '' || mark.trim() === '–') return escapeBlock(text);
  const rest = text.slice(mark.length);
  return /\w/.test(mark) ? `${mark.trim().replace(')', '.')} ${rest}` : `- ${rest}`;
}

const pageNumber = /^\W*(?:(?:page|seite|p\.|s\.)\s*)?(\d{1,5})(?:\s*(?:\/|of|von)\s*\d+)?\W*$/i;

/** What stands on many pages at the same height: the same words, or a number that grows with the pages, or both. */
function keyOf(line: Line, page: number): string | null {
  let isOne = line.segments.length === 1;
  const texts = line.segments.map(({ text }) => {
    const [, number] = pageNumber.exec(text) ?? [];
    if (number === undefined) return text.trim();
    isOne = true;
    return `#${Number(number) - page}`;
  });
  // The head of a table that goes on over pages has several columns and no number.
  return isOne ? `${Math.round(line.y)} ${texts.join(' ')}` : null;
}

/** As often as this it is a running title, of the document or of a chapter. */
const repeated = 3;

const edgesOf = (lines: Line[]): Line[] => {
  const byHeight = [...lines].sort((a, b) => b.y - a.y);
  return [...new Set([...byHeight.slice(0, 2), ...byHeight.slice(-2)])];
};

/** Pages without what is printed at their edges: numbers go, a running title stays where it stands first. */
function withoutEdges(pages: Line[][], { body }: Style): Line[][] {
  const counts = new Map<string, number>();
  const edges = pages.map((lines) => edgesOf(lines).filter((line) => !isLarge(line, body)));
  edges.forEach((lines, page) => {
    for (const line of lines) {
      const key = keyOf(line, page);
      if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  });
  const seen = new Set<string>();
  return pages.map((lines, page) => {
    const edge = new Set(edges[page]);
    return lines.filter((line) => {
      const key = edge.has(line) ? keyOf(line, page) : null;
      if (key === null || (counts.get(key) ?? 0) < repeated) return true;
      const isFirst = !seen.has(key) && /\p{L}/u.test(key);
      seen.add(key);
      return isFirst;
    });
  });
}

/** Markdown of each page: what is larger than the rest is a heading, what stands in columns below each other a table. */
export function layOut(pages: Line[][]): string[] {
  const style = styleOf(pages.flat());
  return withoutEdges(pages, style).map((lines) => pageOf(lines, style));
}
