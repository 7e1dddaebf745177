import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { DocumentFailed } from './failures.ts';
import type { Extractor } from './worker.ts';

/** Reads text and Markdown in UTF-8. */
export const plainText: Extractor = {
  async extract({ path, name }) {
    if (!/\.(?:txt|md|markdown)$/i.test(name)) throw new DocumentFailed('unsupported');
    const bytes = await readFile(path);
    if (!isUtf8(bytes) || bytes.includes(0)) throw new DocumentFailed('not-what-it-says');
    const text = bytes.toString();
    if (text.trim() === '') throw new DocumentFailed('empty');
    return { format: 'text', title: null, text, pages: null, language: null };
  },
};
