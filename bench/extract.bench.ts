/**
 * What it costs to read documents: a PDF of 500 pages, and 1,000 small files of all formats, in a process apart, against bare
 * calls of the libraries in this one.
 */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createWriteStream, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import { getDocumentProxy } from 'unpdf';
import { createExtractor, type Limits } from '../packages/server/src/slices/knowledge/extract/extractor.ts';
import { defaultLimits } from '../packages/server/src/slices/knowledge/extract/limits.ts';
import { readDocument } from '../packages/server/src/slices/knowledge/extract/read.ts';
import { report, type Row } from './lib/report.ts';
import { round } from './lib/stats.ts';

const pages = 500;
const files = 1000;
const fresh = 40;
const lookEvery = 7;
const documents = fileURLToPath(new URL('../packages/server/src/test/documents/', import.meta.url));
const home = await mkdtemp(join(tmpdir(), 'rapport-bench-extract-'));

interface File {
  path: string;
  name: string;
  bytes: number;
}

const words =
  'sleep night hours bed light window evening tea worry book doctor number week habit rule body memory'.split(' ');
const sentence = (seed: number): string =>
  `${Array.from({ length: 12 }, (_, i) => words[(seed * 7 + i * (seed % 5) + i) % words.length]).join(' ')}.`;

/** Three thousand letters a page, with a heading and a table now and then. */
async function longPdf(): Promise<File> {
  const path = join(home, 'long.pdf');
  const pdf = new PDFDocument({ autoFirstPage: false, size: 'A4', info: { Title: 'Five hundred nights' } });
  const out = createWriteStream(path);
  pdf.pipe(out);
  for (let page = 0; page < pages; page += 1) {
    pdf.addPage();
    pdf
      .fontSize(18)
      .text(`Night ${page + 1}`)
      .moveDown(0.5)
      .fontSize(10);
    for (let i = 0; i < 8; i += 1)
      pdf.text(Array.from({ length: 5 }, (_, n) => sentence(page * 40 + i * 5 + n)).join(' ')).moveDown(0.5);
  }
  pdf.end();
  await finished(out);
  return { path, name: 'long.pdf', bytes: (await stat(path)).size };
}

async function smallFiles(): Promise<File[]> {
  const made = (await readdir(documents, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/^(?:sealed|scan)/.test(entry.name))
    .map(({ name }) => ({ name, path: join(documents, name) }));
  const text = Array.from({ length: 60 }, (_, n) => sentence(n)).join(' ');
  const rows = Array.from({ length: 60 }, (_, n) => ({ night: n, hours: n % 9, note: sentence(n) }));
  const plain: Record<string, string> = {
    'a.md': `# Nights\n\n${text}`,
    'a.txt': text,
    'a.csv': rows.map((row) => Object.values(row).join(',')).join('\n'),
    'a.json': JSON.stringify(rows),
  };
  for (const [name, content] of Object.entries(plain)) {
    await writeFile(join(home, name), content);
    made.push({ name, path: join(home, name) });
  }
  const sized = await Promise.all(made.map(async (file) => ({ ...file, bytes: (await stat(file.path)).size })));
  return Array.from({ length: files }, (_, n) => sized[n % sized.length] as File);
}

/** The most that the process which reads has held, in MB; Linux tells it, while there is one. */
function peakOfChild(): number | null {
  try {
    const [pid] = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ');
    const held = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return held ? Math.round(Number(held) / 1024) : null;
  } catch {
    return null;
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

const megabytes = (list: File[]): number => list.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6;

async function apart(list: File[], limits: Partial<Limits>, warm: boolean) {
  const extractor = createExtractor({ log: { warn: console.warn }, limits });
  if (warm) for (const file of new Map(list.map((one) => [one.name, one])).values()) await extractor.extract(file);
  let peak = 0;
  const seconds = await timed(async () => {
    for (const [i, file] of list.entries()) {
      await extractor.extract(file);
      // One that has read enough is gone, and its figure with it: also when it has just read the last.
      if (i % lookEvery === 0) peak = Math.max(peak, peakOfChild() ?? 0);
    }
  });
  peak = Math.max(peak, peakOfChild() ?? 0);
  await extractor.close();
  return { seconds, peak: peak || '–' };
}

const row = (what: string, list: File[], seconds: number, peak: number | string, count: number, unit: string): Row => ({
  what,
  [`${unit}/s`]: round(count / seconds, 1),
  'MB/s': round(megabytes(list) / seconds),
  seconds: round(seconds),
  'peak MB': peak,
});

const long = await longPdf();
const alone = async () => {
  const pdf = await getDocumentProxy(new Uint8Array(await readFile(long.path)), { verbosity: 0 });
  for (let page = 1; page <= pdf.numPages; page += 1) {
    const one = await pdf.getPage(page);
    await one.getTextContent();
    one.cleanup();
  }
};
const bare = await timed(alone);
const bareAgain = await timed(alone);
const cold = await apart([long], {}, false);
const warm = await apart([long], {}, true);

const small = await smallFiles();
const few = small.slice(0, fresh);
const inProcess = async (list: File[]): Promise<void> => {
  for (const { path, name } of list)
    await readDocument(name, { bytes: await readFile(path), limits: defaultLimits, progress: () => {} });
};
await inProcess(small.slice(0, 20));
const here = await timed(() => inProcess(small));
const kept = await apart(small, {}, false);
const single = await apart(few, { reuse: 1 }, false);
await rm(home, { recursive: true, force: true });

const formats = new Set(small.map(({ name }) => extname(name))).size;
report(
  'extract',
  [
    row(`PDF of ${pages} pages: pdf.js alone, in this process`, [long], bare, '–', pages, 'pages'),
    row('the same again', [long], bareAgain, '–', pages, 'pages'),
    row('the same to Markdown, process started for it', [long], cold.seconds, cold.peak, pages, 'pages'),
    row('the same to Markdown, process kept', [long], warm.seconds, warm.peak, pages, 'pages'),
    row(`${files} files of ${formats} kinds, in this process`, small, here, '–', files, 'files'),
    row('the same, a process apart that is kept', small, kept.seconds, kept.peak, files, 'files'),
    row(`${fresh} of them, a new process for each`, few, single.seconds, '–', fresh, 'files'),
  ],
  [`The PDF has ${round(long.bytes / 1e6)} MB. One document at a time; peak: of the process that reads.`],
);
