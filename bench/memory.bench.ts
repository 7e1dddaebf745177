/**
 * How well what was said is found again, by the product's own ranking of memories: for each question of a set of long
 * conversations, the turns that hold the answer.
 * `--data DIR`: corpus.jsonl (turns with conv, session, speaker, date), queries.jsonl, qrels.tsv, and perhaps
 * observations.jsonl (facts that name the turns they were noted from).
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { relevance, type Item } from '../packages/server/src/slices/memory/relevance.ts';
import { report, type Row } from './lib/report.ts';
import { measure, readLines, readSet } from './lib/retrievalSet.ts';
import { percentile, round } from './lib/stats.ts';

const at = process.argv.indexOf('--data');
const folder = at < 0 ? undefined : process.argv[at + 1];
if (!folder) throw new Error('Usage: npm run bench -- memory --data DIR [--json]');

interface Turn {
  id: string;
  conv: string;
  session: string;
}
interface Fact {
  conv: string;
  text: string;
  evidence: string[];
}

const { documents, queries } = readSet(folder, 'test');
const sessions = new Map(
  readLines<Turn>(join(folder, 'corpus.jsonl')).map(({ id, conv, session }) => [id, `${conv}/${session}`]),
);
const observations = join(folder, 'observations.jsonl');
const facts = existsSync(observations) ? readLines<Fact>(observations) : [];

const turnsOf = (group: string): Item[] =>
  documents
    .filter((document) => document.group === group)
    .map(({ id, text }) => ({ id, text, sequence: sessions.get(id) ?? null, supports: [] }));
const factsOf = (group: string): Item[] =>
  facts
    .filter(({ conv }) => conv === group)
    .map(({ text, evidence }, i) => ({ id: `fact ${i}`, text, sequence: null, supports: evidence }));

const mean = (values: number[]): number => round(values.reduce((sum, v) => sum + v, 0) / values.length, 4);

function judge(what: string, itemsOf: (group: string) => Item[]): Row {
  const groups = new Map([...new Set(documents.map(({ group }) => group))].map((group) => [group, itemsOf(group)]));
  const turns = new Set(documents.map(({ id }) => id));
  const times: number[] = [];
  const figures = queries.map(({ text, group, relevant }) => {
    const items = groups.get(group) ?? [];
    const began = performance.now();
    const scores = relevance(items, text);
    times.push(performance.now() - began);
    const found = items
      .map(({ id }, i) => ({ id, score: scores[i] ?? 0 }))
      .filter(({ id, score }) => score > 0 && turns.has(id))
      .sort((x, y) => y.score - x.score)
      .map(({ id }) => id);
    return {
      ...measure(found, relevant),
      recall5: found.slice(0, 5).filter((id) => relevant.has(id)).length / relevant.size,
    };
  });
  return {
    what,
    questions: queries.length,
    'nDCG@10': mean(figures.map((f) => f.ndcg10)),
    'recall@5': mean(figures.map((f) => f.recall5)),
    'recall@10': mean(figures.map((f) => f.recall10)),
    'MRR@10': mean(figures.map((f) => f.mrr10)),
    'p50 ms': round(percentile(times, 0.5)),
    'p95 ms': round(percentile(times, 0.95)),
  };
}

const rows = [judge('turns', turnsOf)];
if (facts.length > 0) rows.push(judge('turns and facts', (group) => [...turnsOf(group), ...factsOf(group)]));
report('memory', rows, [`${documents.length} turns, ${facts.length} facts.`]);
