export interface Chunk {
  /** Offsets into the document, in UTF-16 units: `text === document.slice(start, end)`. */
  start: number;
  end: number;
  headingPath: string[];
}

const aimed = 1000;
const most = 1200;
/** Parts of a long block are about equal; so far behind that, the end of a sentence is looked for. */
const slack = 150;

type Block = Chunk;
type Span = Pick<Chunk, 'start' | 'end'>;

interface Heading {
  level: number;
  title: string;
}

/** The heading of a line outside a code block, where `#` begins a comment. */
function readHeading(line: string, inCode: boolean): Heading | null {
  const match = inCode ? null : /^(#{1,6})\s+(\S.*)$/.exec(line.trimEnd());
  return match && { level: match[1]?.length ?? 1, title: (match[2] ?? '').replace(/\s+#+$/, '') };
}

/** Paragraphs with the headings they stand under; a heading begins a new block. */
function blocks(text: string): Block[] {
  const found: Block[] = [];
  const path: Heading[] = [];
  let from = -1;
  let at = 0;
  let inCode = false;
  /** A heading under which nothing has come yet. */
  let bare: Span | null = null;
  const put = (span: Span, headings: Heading[]) => found.push({ ...span, headingPath: headings.map((h) => h.title) });
  const close = (end: number) => {
    if (from >= 0) put({ start: from, end }, path);
    from = -1;
  };
  const leave = (level: number) => {
    // A heading without any text under it is a passage of its own, or nobody would find it.
    if (bare && (path.at(-1)?.level ?? 0) >= level) put(bare, path.slice(0, -1));
    bare = null;
    while ((path.at(-1)?.level ?? 0) >= level) path.pop();
  };
  for (const line of text.split('\n')) {
    const heading = readHeading(line, inCode);
    if (heading) {
      close(at);
      leave(heading.level);
      path.push(heading);
      bare = { start: at, end: at + line.length };
    } else if (line.trim() === '' && !inCode) close(at);
    else if (from < 0 && line.trim() !== '') {
      from = at;
      bare = null;
    }
    if (/^\s*(?:```|~~~)/.test(line)) inCode = !inCode;
    at += line.length + 1;
  }
  close(text.length);
  leave(1);
  return found;
}

/** Where a part ends best: at the end of a row in a table, else of a sentence or a line; hard where there is none. */
function endOf(window: string, isTable: boolean): number {
  const row = window.lastIndexOf('\n');
  const sentence = isTable
    ? row
    : Math.max(row, window.lastIndexOf('. '), window.lastIndexOf('? '), window.lastIndexOf('! '));
  if (sentence > aimed / 4) return sentence + 1;
  // Never between the halves of a surrogate pair.
  return /[\ud800-\udbff]$/.test(window) ? window.length - 1 : window.length;
}

/** The first row of a table in Markdown, which says what its columns are. */
const headerOf = (text: string): string | undefined => /^\|(.+)\|[ \t]*\n\|[ \t:|-]+\n/.exec(text)?.[1]?.trim();

/** Cuts a block that is too long into parts of about the same length. The rows of a table stand under their header. */
function cut(text: string, block: Block): Block[] {
  const header = headerOf(text.slice(block.start, block.end));
  const headingPath = header === undefined ? block.headingPath : [...block.headingPath, header];
  const parts: Block[] = [];
  let { start } = block;
  while (block.end - start > most) {
    const left = block.end - start;
    const room = Math.min(most, Math.ceil(left / Math.ceil(left / most)) + slack);
    const end = start + endOf(text.slice(start, start + room), header !== undefined);
    parts.push({ headingPath: parts.length === 0 ? block.headingPath : headingPath, start, end });
    start = end;
  }
  if (start < block.end)
    parts.push({ headingPath: parts.length === 0 ? block.headingPath : headingPath, start, end: block.end });
  return parts;
}

const samePath = (a: string[], b: string[]): boolean => a.length === b.length && a.every((title, i) => title === b[i]);

/** Cuts a text or Markdown document along its structure into passages of about 1,000 characters. */
export function chunk(text: string): Chunk[] {
  const chunks: Chunk[] = [];
  for (const block of blocks(text).flatMap((b) => cut(text, b))) {
    const last = chunks.at(-1);
    const joins = last && samePath(last.headingPath, block.headingPath) && block.end - last.start <= aimed;
    if (joins) last.end = block.end;
    else chunks.push({ ...block });
  }
  return chunks.map((c) => trim(text, c)).filter((c) => c.start < c.end);
}

function trim(text: string, { start, end, headingPath }: Chunk): Chunk {
  const body = text.slice(start, end);
  const before = body.length - body.trimStart().length;
  return { start: start + before, end: start + body.trimEnd().length, headingPath };
}
