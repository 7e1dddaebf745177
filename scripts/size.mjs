/**
 * What a page loads as script, in gzipped bytes, read from the manifest of the web build. The client's pages count
 * everything they can ever load; a page of the team counts its own code and what that loads, not the other pages. What
 * draws a PDF is fetched once one is looked at: it is counted by itself, with its worker.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { root, say, Stop } from './node24.mjs';

const dist = join(root, 'packages', 'web', 'dist');
const limits = { client: 120, staff: 250, drawing: 600 };
const clientEntry = 'src/client.tsx';
const recordEntry = 'src/record.tsx';
const joinEntry = 'src/join.tsx';
const questionnaireEntry = 'src/questionnaire.tsx';
const staffEntry = 'src/staff.tsx';
const allEntries = [clientEntry, recordEntry, joinEntry, questionnaireEntry, staffEntry];

function readManifest() {
  const file = join(dist, '.vite', 'manifest.json');
  if (!existsSync(file)) throw new Stop('The web app is not built: run `npm run build -w @rapport/web` first.');
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** The files that `keys` load: what they import, and what they import later unless `skip` says that it is another page. */
function filesOf(manifest, keys, skip) {
  const seen = new Set();
  const visit = (key) => {
    if (seen.has(key)) return;
    const chunk = manifest[key];
    if (!chunk) throw new Stop(`${key} is not in the manifest of the web build.`);
    seen.add(key);
    for (const next of chunk.imports ?? []) visit(next);
    for (const next of chunk.dynamicImports ?? []) if (!skip(next)) visit(next);
  };
  keys.forEach(visit);
  return [...seen].map((key) => manifest[key].file).filter((file) => file.endsWith('.js'));
}

const weights = new Map();
function weigh(file) {
  if (!weights.has(file)) weights.set(file, gzipSync(readFileSync(join(dist, file)), { level: 9 }).length);
  return weights.get(file);
}

const drawing = 'src/features/knowledge/pdfFile.ts';
const isPage = (key) => /Page\.tsx$/.test(key);

/** Beyond what the pages that show it have loaded already. */
function drawingSize(manifest) {
  const loaded = filesOf(manifest, ['index.html', staffEntry], (key) => isPage(key) || key === drawing);
  const worker = Object.values(manifest).find(({ src }) => src?.endsWith('/pdf.worker.min.mjs'));
  if (!worker) throw new Stop('The worker that draws PDFs is not in the manifest of the web build.');
  const files = [...filesOf(manifest, [drawing], () => false).filter((file) => !loaded.includes(file)), worker.file];
  const kb = files.reduce((sum, file) => sum + weigh(file), 0) / 1000;
  return { name: 'drawing a PDF', limit: limits.drawing, files, kb };
}

/** One line for each page: its name, its weight and the limit, both in units of 1,000 bytes. */
export function pageSizes() {
  const manifest = readManifest();
  const main = manifest['index.html'];
  for (const entry of allEntries)
    if (!main?.dynamicImports?.includes(entry)) throw new Stop(`${entry} is no entry of the web build any more.`);
  const entries = (key) => allEntries.includes(key);
  const total = (keys, skip) => {
    const files = filesOf(manifest, keys, skip);
    return { files, kb: files.reduce((sum, file) => sum + weigh(file), 0) / 1000 };
  };
  const client = { name: 'client', limit: limits.client, ...total(['index.html', clientEntry], entries) };
  const record = { name: 'record', limit: limits.client, ...total(['index.html', recordEntry], entries) };
  const join = { name: 'join', limit: limits.client, ...total(['index.html', joinEntry], entries) };
  const form = { name: 'questionnaire', limit: limits.client, ...total(['index.html', questionnaireEntry], entries) };
  const pages = (manifest[staffEntry].dynamicImports ?? []).filter(isPage);
  const staff = pages.map((page) => ({
    name: page.replace(/^.*\/|\.tsx$/g, ''),
    limit: limits.staff,
    ...total(['index.html', staffEntry, page], (key) => entries(key) || isPage(key) || key === drawing),
  }));
  return [client, join, record, form, ...staff, drawingSize(manifest)];
}

/** Prints the sizes; 1 where a page is heavier than it may be. */
export function checkSizes({ files = false } = {}) {
  let code = 0;
  for (const { name, kb, limit, files: parts } of pageSizes()) {
    const tooHeavy = kb > limit;
    if (tooHeavy) code = 1;
    say(
      `${name.padEnd(18)} ${kb.toFixed(1).padStart(6)} KB of script, gzipped${tooHeavy ? `: more than the ${limit} KB it may be` : ''}`,
    );
    if (files) for (const file of parts) say(`  ${(weigh(file) / 1000).toFixed(1).padStart(6)} ${file}`);
  }
  return code;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = checkSizes({ files: process.argv.includes('--files') });
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
