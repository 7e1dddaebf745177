import { ExtractionFailure } from './failure.ts';
import type { Draft, Extracted, Format } from './format.ts';

const cell = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().replaceAll('|', '\\|');

/** A Markdown table; its first row is the head. Columns without any text are left out. */
export function table(rows: string[][]): string {
  const texts = rows.map((row) => row.map(cell)).filter((row) => row.some((text) => text !== ''));
  const width = texts.reduce((most, row) => Math.max(most, row.length), 0);
  const columns = Array.from({ length: width }, (_, i) => i).filter((i) => texts.some((row) => row[i]));
  const lines = texts.map((row) => `| ${columns.map((i) => row[i] ?? '').join(' | ')} |`);
  if (lines.length === 0) return '';
  return [lines[0], `|${' --- |'.repeat(columns.length)}`, ...lines.slice(1)].join('\n');
}

/** A block of code, behind a fence that its own text cannot close. */
export function fenced(text: string, language: string): string {
  let fence = '```';
  while (text.includes(fence)) fence += '`';
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}

/** A line of plain text that Markdown would take for a heading or a fence. */
export const escapeBlock = (text: string): string => text.replace(/^(?=#{1,6}\s|```|~~~)/, '\\');

const clean = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/\r\n?|[\u0085\u2028\u2029\f]/g, '\n')
    // The soft hyphen, zero-width spaces and marks of direction or order stand inside words for whoever searches.
    .replaceAll(/[^\P{Cc}\n\t]|[\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]/gu, '')
    .normalize('NFC')
    .replaceAll(/[^\S\n]+$/gm, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .trimEnd();

const oneLine = (text: string | null | undefined): string | null =>
  clean(text ?? '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .slice(0, 300)
    .toWellFormed() || null;

const firstHeading = (text: string): string | null => /^#{1,6} +(\S.*?)(?: +#+)?$/m.exec(text)?.[1] ?? null;

/** Throws ExtractionFailure for a document without text, or with more than `textLength`. */
export function finish(format: Format, draft: Draft, textLength: number): Extracted {
  const pages: number[] = [];
  const kept: string[] = [];
  let length = 0;
  for (const part of draft.parts) {
    if (length + part.length > 4 * textLength) throw new ExtractionFailure('too-large');
    const text = clean(part);
    const gap = kept.length > 0 ? 2 : 0;
    pages.push(length + gap);
    // A page without text begins where the next begins that has some.
    if (text === '') continue;
    kept.push(text);
    length += gap + text.length;
    if (length > textLength) throw new ExtractionFailure('too-large');
  }
  const text = kept.join('\n\n');
  if (text.trim() === '') throw new ExtractionFailure('empty');
  return {
    format,
    title: oneLine(draft.title) ?? oneLine(firstHeading(text)),
    text,
    pages: draft.paged ? pages.map((at) => Math.min(at, text.length)) : null,
    language: oneLine(draft.language)?.slice(0, 35) ?? null,
  };
}
