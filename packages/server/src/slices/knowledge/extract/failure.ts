/** What became of a document that gives no text, for a person who put it there. */
const sentences = {
  empty: 'There is no text in this document.',
  unsupported: 'Documents of this kind cannot be read.',
  encrypted: 'This document is protected by a password. Save it without one and add it again.',
  scanned: 'This document consists of pictures of pages. Have its text recognised (OCR) and add it again.',
  damaged: 'This document is damaged and cannot be read.',
  'not-what-it-says': 'What is in this file is not what its name says.',
  'too-large': 'This document is too large.',
  'too-many-parts': 'This document has too many parts, or parts nested too deeply.',
  'too-long': 'Reading this document took too long.',
  'out-of-memory': 'Reading this document took too much memory.',
  stopped: 'Reading this document was stopped before its end.',
} as const;

export type Reason = keyof typeof sentences;

/** Why a document gives no text. `message` is a sentence for its owner; `detail` names the fault to whoever runs the server. */
export class ExtractionFailure extends Error {
  override readonly name = 'ExtractionFailure';
  readonly reason: Reason;
  readonly detail: string | null;

  constructor(reason: Reason, detail: string | null = null) {
    super(sentences[reason]);
    this.reason = reason;
    this.detail = detail;
  }
}

/** What a parser threw, as a failure of the document. */
export function toFailure(error: unknown): ExtractionFailure {
  if (error instanceof ExtractionFailure) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (/call stack/i.test(message)) return new ExtractionFailure('too-many-parts', message);
  if (/allocation failed|invalid (?:string|array) length|out of memory/i.test(message))
    return new ExtractionFailure('out-of-memory', message);
  return new ExtractionFailure('damaged', message);
}
