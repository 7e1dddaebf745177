import Papa from 'papaparse';
import type { Draft } from '../format.ts';
import { fenced, table } from '../markdown.ts';

/** A table, with whatever stands between the columns. */
export function readCsv(text: string): Draft {
  const { data } = Papa.parse<string[]>(text, { skipEmptyLines: true });
  return { parts: [table(data)] };
}

const isFlat = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((one) => typeof one !== 'object' || one === null);

const written = (value: unknown): string => (value === null || value === undefined ? '' : String(value));

/** A list of records is a table; anything else stays as it is, with a line for each value. */
export function readJson(text: string): Draft {
  const value = JSON.parse(text) as unknown;
  if (Array.isArray(value) && value.length > 1 && value.every(isFlat)) {
    const names = [...new Set(value.flatMap((one) => Object.keys(one)))];
    if (names.length <= 50)
      return { parts: [table([names, ...value.map((one) => names.map((name) => written(one[name])))])] };
  }
  return { parts: [fenced(text.trim().includes('\n') ? text : spread(value, text), 'json')] };
}

function spread(value: unknown, text: string): string {
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    // Nested deeper than the stack: what was written is text all the same.
    return text;
  }
}

const frontMatter = /^---\r?\n([\s\S]*?)\r?\n(?:---|\.\.\.)(?:\r?\n|$)/;

/** As it is. What editors write in front of it becomes title and language; headings underlined with = or - are marked with #. */
export function readMarkdown(text: string): Draft {
  const [front = '', fields = ''] = frontMatter.exec(text) ?? [];
  const said = (name: string) => new RegExp(`^${name}:\\s*["']?(.*?)["']?\\s*$`, 'm').exec(fields)?.[1];
  return {
    title: said('title'),
    language: said('lang') ?? said('language'),
    parts: [withHashes(text.slice(front.length))],
  };
}

function withHashes(text: string): string {
  const lines = text.split(/\r?\n/);
  const out: string[] = [];
  let inCode = false;
  for (const [at, line] of lines.entries()) {
    if (/^\s*(?:```|~~~)/.test(line)) inCode = !inCode;
    const above = out.at(-1) ?? '';
    const underlines = !inCode && /^(?:=+|-{2,})\s*$/.test(line) && /^\w|^[^\s#>|*+`~-]/.test(above);
    if (underlines && (at < 2 || (lines[at - 2] ?? '').trim() === ''))
      out[out.length - 1] = `${line.startsWith('=') ? '#' : '##'} ${above.trim()}`;
    else out.push(line);
  }
  return out.join('\n');
}
