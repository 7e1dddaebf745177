/** What a document may cost. Sizes in bytes, times in milliseconds, text in UTF-16 units. */
export interface Limits {
  /** Documents read at the same time, each in a process of its own. */
  concurrency: number;
  fileBytes: number;
  textLength: number;
  /** Of a zip archive: all entries unpacked, their number, and how often its packed size an entry may be. */
  unpackedBytes: number;
  entries: number;
  ratio: number;
  /** Pages of a PDF, slides, sheets, chapters. */
  pages: number;
  /** Elements of an HTML or XML text, and how deep they may lie in each other. */
  elements: number;
  depth: number;
  /** Without a further page, and in all. */
  stallMs: number;
  totalMs: number;
  /** Of the process that reads: JavaScript's heap in megabytes, and everything it holds in bytes. */
  heapMegabytes: number;
  residentBytes: number;
  /** How long a process without work is kept for the next document, and for how many documents. */
  idleMs: number;
  reuse: number;
}

const megabyte = 1024 * 1024;

export const defaultLimits: Limits = {
  concurrency: 1,
  fileBytes: 100 * megabyte,
  textLength: 20_000_000,
  unpackedBytes: 200 * megabyte,
  entries: 10_000,
  ratio: 150,
  pages: 10_000,
  elements: 2_000_000,
  depth: 200,
  stallMs: 20_000,
  totalMs: 120_000,
  heapMegabytes: 384,
  residentBytes: 900 * megabyte,
  idleMs: 10_000,
  reuse: 500,
};
