import type { Limits } from './limits.ts';

export type Format =
  'pdf' | 'docx' | 'pptx' | 'xlsx' | 'odt' | 'epub' | 'html' | 'markdown' | 'text' | 'csv' | 'rtf' | 'json' | 'email';

export interface Extracted {
  format: Format;
  /** From the document's own metadata or its first heading. */
  title: string | null;
  /** Markdown in NFC with `\n` between lines, without control characters and lone surrogates. */
  text: string;
  /** Offset in `text`, in UTF-16 units, at which each page, slide or sheet begins; null where the format has none. */
  pages: number[] | null;
  /** As declared by the document. */
  language: string | null;
}

/** What the reader of one format finds. */
export interface Draft {
  title?: string | null | undefined;
  language?: string | null | undefined;
  /** Markdown; a part for each page where `paged`. */
  parts: string[];
  paged?: boolean;
}

export interface Source {
  bytes: Buffer;
  limits: Limits;
  /** Called after each page: it is the sign of life that the clock waits for. */
  progress(): void;
}
