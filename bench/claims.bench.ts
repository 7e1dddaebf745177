/**
 * What the check of cited sentences catches, and what it flags that is right: npm run bench -- claims [--missed]
 * [--data DIR], where DIR holds a corpus.jsonl in BEIR's form, whose sentences are then altered in the same ways.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkClaims } from '../packages/server/src/slices/knowledge/claims.ts';
import type { Source } from '../packages/server/src/slices/knowledge/evidence.ts';
import { sentences } from '../packages/server/src/slices/knowledge/sentences.ts';
import { languageOf, termOf, words } from '../packages/server/src/slices/knowledge/terms.ts';
import { report, type Row } from './lib/report.ts';
import { percentile, round } from './lib/stats.ts';

interface Doc {
  title: string;
  sentences: string[];
  is: string[];
  not: string[];
}

interface Case {
  kind: string;
  doc: Doc;
  text: string;
  /** Whether it stands in the document. */
  holds: boolean;
}

function readOwn(): Doc[] {
  const docs: Doc[] = [];
  for (const line of readFileSync(new URL('./data/claims.txt', import.meta.url), 'utf8').split('\n')) {
    const [kind = '', ...rest] = line.split('|');
    const text = rest.join('|');
    if (kind === 'doc') docs.push({ title: text, sentences: [], is: [], not: [] });
    else if (kind === 's') docs.at(-1)?.sentences.push(text);
    else if (kind === 'is' || kind === 'not') docs.at(-1)?.[kind].push(text);
  }
  return docs;
}

const mostDocuments = 60;

function readCorpus(folder: string): Doc[] {
  return readFileSync(join(folder, 'corpus.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .slice(0, mostDocuments)
    .map((line) => {
      const { title, text } = JSON.parse(line) as { title: string; text: string };
      return { title, sentences: sentences(text).map(({ start, end }) => text.slice(start, end)), is: [], not: [] };
    });
}

const altered = (raw: string): string[] => {
  const last = raw.at(-1) ?? '0';
  const swapped = raw.length > 1 ? raw[1] + (raw[0] ?? '') + raw.slice(2) : `${raw}5`;
  return [...new Set([raw.slice(0, -1) + ((Number(last) + 1) % 10), `${raw}0`, swapped])].filter((n) => n !== raw);
};

/** Every number of the sentence, in three other ways. */
const withNumbers = (sentence: string): string[] =>
  [...sentence.matchAll(/\d+/g)].flatMap(({ 0: raw, index }) =>
    altered(raw).map((other) => sentence.slice(0, index) + other + sentence.slice(index + raw.length)),
  );

const contentOf = (sentence: string, language: ReturnType<typeof languageOf>) =>
  [...words(sentence)].filter(({ text }) => /^\p{L}{3,}$/u.test(text) && termOf(text, language) !== null);

/** Every content word, in its place one of another sentence of the document, so that the whole document holds the word. */
function withTerms(sentence: string, doc: Doc, seed: number): string[] {
  const language = languageOf(doc.sentences.join(' '), null);
  const own = new Set(contentOf(sentence, language).map(({ text }) => termOf(text, language)));
  const others = doc.sentences
    .flatMap((other) => contentOf(other, language))
    .filter(({ text }) => !own.has(termOf(text, language)));
  return contentOf(sentence, language).flatMap(({ start, end }, i) => {
    const other = others[(seed * 7 + i * 13) % Math.max(1, others.length)];
    return other ? [sentence.slice(0, start) + other.text + sentence.slice(end)] : [];
  });
}

function casesOf(docs: Doc[]): Case[] {
  return docs.flatMap((doc) => {
    const of = (kind: string, holds: boolean, texts: string[]) => texts.map((text) => ({ kind, doc, text, holds }));
    // Below three words there is nothing to compare.
    const whole = doc.sentences.filter((sentence) => [...words(sentence)].length >= 3);
    return [
      ...of('verbatim', true, whole),
      ...of('altered number', false, whole.flatMap(withNumbers)),
      ...of(
        'swapped term',
        false,
        whole.flatMap((sentence, i) => withTerms(sentence, doc, i)),
      ),
      ...of('in other words', true, doc.is),
      ...of('says something else', false, doc.not),
    ];
  });
}

const sourceOf = ({ title, sentences: all }: Doc): Source => ({
  chunkId: title,
  documentId: title,
  title,
  headingPath: [],
  text: all.join(' '),
  start: 0,
});

const at = process.argv.indexOf('--data');
const cases = casesOf(at === -1 ? readOwn() : readCorpus(process.argv[at + 1] ?? ''));
const judged = cases.map((one) => {
  const began = performance.now();
  const { claims } = checkClaims(`${one.text} [1]`, [sourceOf(one.doc)]);
  const found = claims.length > 0 && claims.every(({ verdict }) => verdict !== 'not-found');
  return { ...one, found, ms: performance.now() - began };
});

const rows: Row[] = [...new Set(judged.map(({ kind }) => kind))].map((what) => {
  const of = judged.filter(({ kind }) => kind === what);
  const { holds = false } = of[0] ?? {};
  const flagged = of.filter(({ found }) => !found).length;
  const share = round((100 * flagged) / of.length, 2);
  return { what, cases: of.length, 'flagged %': share, 'should be': holds ? 'none' : 'all' };
});
const times = judged.map(({ ms }) => ms);
const notes = [
  'Goals: altered number ≥ 85 %, swapped term ≥ 95 %, verbatim ≤ 1 %. Swapped in: words of other sentences of the same document.',
  `One claim against one document: p50 ${round(percentile(times, 0.5), 2)} ms, p95 ${round(percentile(times, 0.95), 2)} ms.`,
];
if (process.argv.includes('--missed'))
  notes.push(...judged.filter((one) => one.found !== one.holds).map(({ kind, text }) => `${kind}: ${text}`));
report('claims', rows, notes);
