/**
 * How much of what identifies people is taken out, and how much else with it, on the labelled texts of bench/data/deid.txt,
 * or on a file of presidio-research's form: npm run bench -- deid [--set FILE] [--missed].
 */
import { readFileSync } from 'node:fs';
import { deidentify, type Piece } from '../packages/server/src/slices/privacy/deid/deidentify.ts';
import { report, type Row } from './lib/report.ts';
import { round } from './lib/stats.ts';

interface Labelled {
  group: string;
  text: string;
  spans: { category: string; start: number; end: number }[];
}

function readOwn(file: URL): Labelled[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, group = '', marked = ''] = /^(\w+)\|(.*)$/.exec(line) ?? [];
      const spans: Labelled['spans'] = [];
      let text = '';
      for (const part of marked.split(/(\{\{\w+\|[^}]*\}\})/)) {
        const [, category, inner] = /^\{\{(\w+)\|(.*)\}\}$/.exec(part) ?? [];
        if (category && inner) spans.push({ category, start: text.length, end: text.length + inner.length });
        text += inner ?? part;
      }
      return { group, text, spans };
    });
}

interface Presidio {
  full_text: string;
  spans: { entity_type: string; start_position: number; end_position: number }[];
}

const readPresidio = (file: string): Labelled[] =>
  (JSON.parse(readFileSync(file, 'utf8')) as Presidio[]).map((one) => ({
    group: 'en',
    text: one.full_text,
    spans: one.spans.map((s) => ({ category: s.entity_type, start: s.start_position, end: s.end_position })),
  }));

/** Which units of the text are masked. */
function maskOf(text: string, pieces: Piece[]): Uint8Array {
  const mask = new Uint8Array(text.length);
  let at = 0;
  for (const piece of pieces) {
    const { length } = 'text' in piece ? piece.text : piece.original;
    if (!('text' in piece)) mask.fill(1, at, at + length);
    at += length;
  }
  return mask;
}

interface Tally {
  gone: number;
  all: number;
}
const tally = (into: Map<string, Tally>, key: string, gone: boolean) => {
  const one = into.get(key) ?? { gone: 0, all: 0 };
  one.all += 1;
  if (gone) one.gone += 1;
  into.set(key, one);
};

const at = process.argv.indexOf('--set');
const set = at === -1 ? readOwn(new URL('./data/deid.txt', import.meta.url)) : readPresidio(process.argv[at + 1] ?? '');
const found = new Map<string, Tally>();
const masked = new Map<string, Tally>();
const other = new Map<string, Tally>();
const missed: string[] = [];
const today = new Date();
const began = performance.now();

for (const { group, text, spans } of set) {
  const [pieces = []] = await deidentify(
    [text],
    { names: [], about: [] },
    { label: (category) => `[${category}]`, today },
  );
  const mask = maskOf(text, pieces);
  const labelled = new Uint8Array(text.length);
  for (const { category, start, end } of spans) {
    labelled.fill(1, start, end);
    // Its letters and digits, all of them: half a name is a name.
    const gone = [...text.slice(start, end)].every((c, i) => !/[\p{L}\p{N}]/u.test(c) || mask[start + i] === 1);
    for (const key of [`${group} ${category}`, `${group} all`]) tally(found, key, gone);
    if (!gone) missed.push(`${category}: ${text.slice(start, end)}`);
  }
  let position = 0;
  for (const piece of pieces) {
    const { length } = 'text' in piece ? piece.text : piece.original;
    if (!('text' in piece)) {
      const right = labelled.subarray(position, position + length).includes(1);
      for (const key of [`${group} ${piece.category}`, `${group} all`]) tally(masked, key, right);
    }
    position += length;
  }
  for (const word of text.matchAll(/[\p{L}\p{N}'’-]+/gu))
    if (labelled[word.index] === 0) tally(other, `${group} all`, mask[word.index] === 1);
}

const percent = (one: Tally | undefined): number | string => (one ? round((100 * one.gone) / one.all, 1) : '–');
const rows: Row[] = [...new Set([...found.keys(), ...masked.keys()])].sort().map((key) => ({
  what: key,
  labelled: found.get(key)?.all ?? 0,
  'recall %': percent(found.get(key)),
  'precision %': percent(masked.get(key)),
  'other words masked %': percent(other.get(key)),
}));
const notes = [`${set.length} texts in ${Math.round(performance.now() - began)} ms. Recall: masked in full.`];
if (process.argv.includes('--missed')) notes.push(...missed);
report('deid', rows, notes);
