export interface Chunk {
  /** Offsets into the document, in UTF-16 units: `text === document.slice(start, end)`. */
  start: number;
  end: number;
  headingPath: string[];
}

const aimed = 1000;
const most = 1600;

interface Block {
  start: number;
  end: number;
  headingPath: string[];
}

/** Paragraphs with the headings they stand under; a heading begins a new block. */
function blocks(text: string): Block[] {
  const found: Block[] = [];
  const path: { level: number; title: string }[] = [];
  let from = -1;
  let at = 0;
  const close = (end: number) => {
    if (from >= 0) found.push({ start: from, end, headingPath: path.map((h) => h.title) });
    from = -1;
  };
  for (const line of text.split('\n')) {
    const heading = /^(#{1,6})\s+(.+?)\s*#*\s*$/.exec(line);
    if (heading) {
      close(at);
      const level = heading[1]?.length ?? 1;
      while ((path.at(-1)?.level ?? 0) >= level) path.pop();
      path.push({ level, title: heading[2] ?? '' });
    } else if (line.trim() === '') close(at);
    else if (from < 0) from = at;
    at += line.length + 1;
  }
  close(text.length);
  return found;
}

/** Cuts a block that is too long at the ends of sentences, or hard where it has none. */
function cut(text: string, block: Block): Block[] {
  const parts: Block[] = [];
  let { start } = block;
  while (block.end - start > most) {
    const window = text.slice(start, start + most);
    const sentence = Math.max(window.lastIndexOf('. '), window.lastIndexOf('? '), window.lastIndexOf('! '), window.lastIndexOf('\n'));
    let length = sentence > aimed / 4 ? sentence + 1 : most;
    // Never between the halves of a surrogate pair.
    if (/[\ud800-\udbff]/.test(window[length - 1] ?? '')) length -= 1;
    parts.push({ ...block, start, end: start + length });
    start += length;
  }
  if (start < block.end) parts.push({ ...block, start });
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
  return chunks.map((c) => trim(text, c));
}

function trim(text: string, { start, end, headingPath }: Chunk): Chunk {
  const body = text.slice(start, end);
  const before = body.length - body.trimStart().length;
  return { start: start + before, end: start + body.trimEnd().length, headingPath };
}
