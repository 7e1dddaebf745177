/**
 * How well what was said is found again, by the product's own ranking of memories: for each question of a set of long
 * conversations, the turns that hold the answer.
 * `--data DIR`: corpus.jsonl (turns with conv, session, speaker, date), queries.jsonl, qrels.tsv, and perhaps
 * observations.jsonl (facts that name the turns they were noted from).
 * `--embeddings URL --embedding-model NAME`: with an OpenAI-compatible provider of embeddings, such as `http://127.0.0.1:8080/v1`;
 * what words find alone is told first, then what meaning finds alone, then both.
 */
import type { Memory } from '@rapport/protocol/memory';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { background } from '../packages/server/src/slices/knowledge/vectors/background.ts';
import { standingOut } from '../packages/server/src/slices/memory/meaning.ts';
import { chooseMemories } from '../packages/server/src/slices/memory/recall.ts';
import { relevance, type Item } from '../packages/server/src/slices/memory/relevance.ts';
import { embedAll, type Provider } from './lib/embeddings.ts';
import { report, type Row } from './lib/report.ts';
import { measure, readLines, readSet } from './lib/retrievalSet.ts';
import { percentile, round } from './lib/stats.ts';

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const folder = option('data');
if (!folder)
  throw new Error('Usage: npm run bench -- memory --data DIR [--embeddings URL --embedding-model NAME] [--json]');
const [url, model] = [option('embeddings'), option('embedding-model')];
const provider: Provider | null = url && model ? { url, model } : null;

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

/** Of one person. */
const mostMemories = 50;

const mean = (values: number[]): number => round(values.reduce((sum, v) => sum + v, 0) / values.length, 4);

/** What the meaning says of items, and whether the words are asked at all. */
type Channel = 'words' | 'meaning' | 'both';

function scoresOf(channel: Channel, items: Item[], question: string, vectors: Map<string, Float32Array>): Float64Array {
  const asked = vectors.get(question);
  if (channel === 'words' || !asked) return relevance(items, question);
  const of = new Map(items.map(({ id, text }) => [id, vectors.get(text) ?? new Float32Array()]));
  const strangers = background.map((text) => vectors.get(text) ?? new Float32Array());
  const meant = { question: asked, vectors: of, background: strangers };
  const meaning = standingOut(
    items.map(({ id }) => id),
    meant,
  );
  return relevance(items, channel === 'meaning' ? '' : question, '', meaning);
}

function judge(
  what: string,
  channel: Channel,
  itemsOf: (group: string) => Item[],
  vectors = new Map<string, Float32Array>(),
): Row {
  const groups = new Map([...new Set(documents.map(({ group }) => group))].map((group) => [group, itemsOf(group)]));
  const turns = new Set(documents.map(({ id }) => id));
  const times: number[] = [];
  const figures = queries.map(({ text, group, relevant }) => {
    const items = groups.get(group) ?? [];
    const began = performance.now();
    const scores = scoresOf(channel, items, text, vectors);
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
    by: channel,
    questions: queries.length,
    'nDCG@10': mean(figures.map((f) => f.ndcg10)),
    'recall@5': mean(figures.map((f) => f.recall5)),
    'recall@10': mean(figures.map((f) => f.recall10)),
    'MRR@10': mean(figures.map((f) => f.mrr10)),
    'p50 ms': round(percentile(times, 0.5)),
    'p95 ms': round(percentile(times, 0.95)),
  };
}

const at = '2026-01-01T00:00:00.000Z';
const memoryOf = ({ id, text }: Item): Memory => ({
  id,
  subject: { kind: 'client', id },
  clientId: id,
  statement: text,
  origin: 'staff',
  status: 'approved',
  revision: 1,
  tags: [],
  sensitivity: 'normal',
  salience: 3,
  validFrom: null,
  validTo: null,
  evidence: [],
  references: [],
  approvedBy: null,
  approvedAt: at,
  createdAt: at,
  changedAt: at,
});

/** What a reply is given of the facts of a conversation, when it is asked about that one and when about another. */
function tell(channel: 'words' | 'both', vectors: Map<string, Float32Array>): Row {
  const groups = [...new Set(documents.map(({ group }) => group))];
  const strangers = background.map((text) => vectors.get(text) ?? new Float32Array());
  const told = (question: string, group: string): string[] => {
    const items = factsOf(group).slice(0, mostMemories);
    const asked = vectors.get(question);
    const of = new Map(items.map(({ id, text }) => [id, vectors.get(text) ?? new Float32Array()]));
    const meant = channel === 'both' && asked ? { question: asked, vectors: of, background: strangers } : null;
    const chosen = chooseMemories(items.map(memoryOf), [question], { budgetTokens: 600, now: Date.parse(at), meant });
    return chosen.map(({ id }) => id);
  };
  const own = queries.map(({ text, group, relevant }) => {
    const holding = factsOf(group).slice(0, mostMemories);
    const right = holding.filter(({ supports }) => supports.some((id) => relevant.has(id))).map(({ id }) => id);
    const given = told(text, group);
    return { asked: right.length > 0, found: right.some((id) => given.includes(id)), given: given.length };
  });
  const other = queries.map(({ text, group }) => told(text, groups[(groups.indexOf(group) + 1) % groups.length] ?? ''));
  const answerable = own.filter(({ asked }) => asked);
  return {
    by: channel,
    'own: right one told': mean(answerable.map(({ found }) => Number(found))),
    'own: told': mean(own.map(({ given }) => given)),
    'other: something told': mean(other.map(({ length }) => Number(length > 0))),
    'other: told': mean(other.map(({ length }) => length)),
  };
}

const both = (group: string): Item[] => [...turnsOf(group), ...factsOf(group)];
const rows = [judge('turns', 'words', turnsOf)];
if (facts.length > 0) rows.push(judge('turns and facts', 'words', both));
if (provider) {
  const texts = [...documents, ...facts, ...queries].map(({ text }) => text);
  const vectors = await embedAll(provider, [...texts, ...background]);
  const given = [tell('words', vectors), tell('both', vectors)];
  report('what a reply is given', given, [`The first ${mostMemories} facts of each conversation.`]);
  for (const channel of ['meaning', 'both'] as const) {
    rows.push(judge('turns', channel, turnsOf, vectors));
    if (facts.length > 0) rows.push(judge('turns and facts', channel, both, vectors));
  }
}
report('memory', rows, [`${documents.length} turns, ${facts.length} facts${provider ? `, ${provider.model}` : ''}.`]);
