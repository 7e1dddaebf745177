/**
 * How well and how fast knowledge is found, through the product's own ingestion and search over HTTP.
 * `--data DIR`: a set in BEIR's format, or docs.jsonl and questions.jsonl with spans. `--split NAME`: of the qrels (test).
 * `--embeddings URL --embedding-model NAME`: with an OpenAI-compatible provider of embeddings, such as `http://127.0.0.1:8080/v1`;
 *   what is found by words alone is told first, then what is found with them, and what other ways to make one ranking
 *   of the two would find of the same vectors.
 * `--fill N`: then fills the base up to N chunks and measures speed alone, for one client and for 20.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeConfig } from '../packages/server/src/config/config.ts';
import { connectDatabase } from '../packages/server/src/platform/db/connect.ts';
import { termHasher } from '../packages/server/src/slices/knowledge/indexing.ts';
import { ask } from '../packages/server/src/slices/knowledge/question.ts';
import { collectionOf, occurrencesOf } from '../packages/server/src/slices/knowledge/search.store.ts';
import { openBenchDatabase } from './lib/database.ts';
import { fusions, type Placed } from './lib/fusions.ts';
import { report, type Row } from './lib/report.ts';
import { measure, readLines, readSet, type SetDocument, type SetQuery } from './lib/retrievalSet.ts';
import { startServer } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';
import { nearest, readVectors, vectorOf } from './lib/vectors.ts';

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const folder = option('data');
if (!folder) throw new Error('Usage: npm run bench -- retrieval --data DIR [--split test] [--fill CHUNKS] [--json]');
const bases = '/api/v1/knowledge-bases';
const most = 100;
const mostCharacters = 400_000;
const clients = 20;

interface Found {
  documentId: string;
  chunkId: string;
  score: number;
  start: number;
  end: number;
  text: string;
}

const embeddings = option('embeddings') ?? 'http://127.0.0.1:9/v1';

const database = await openBenchDatabase();
const server = await startServer({
  DATABASE_URL: database.url,
  RAPPORT_OPENAI_BASE_URL: embeddings,
  RAPPORT_MODEL: 'x',
});
const rows: Row[] = [];
const notes: string[] = [];

/** Runs the work of a list, so many at a time. */
async function each<T>(list: T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const left = list.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function makeBase(name: string): Promise<string> {
  const { status, body } = await server.json('POST', bases, { name });
  if (status !== 201) throw new Error(`a knowledge base was answered ${status}`);
  return body.id;
}

async function addDocument(base: string, title: string, text: string): Promise<{ id: string; chunkCount: number }> {
  const { status, body } = await server.json('POST', `${bases}/${base}/documents`, { title, text });
  if (status !== 201) throw new Error(`a document was answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

async function search(base: string, query: string, limit: number): Promise<{ results: Found[]; ms: number }> {
  const began = performance.now();
  const { status, body } = await server.json('POST', `${bases}/${base}/search`, { query: query.slice(0, 2000), limit });
  if (status !== 200) throw new Error(`a search was answered ${status}`);
  return { results: body.results, ms: performance.now() - began };
}

const mean = (values: number[]): number => round(values.reduce((sum, v) => sum + v, 0) / values.length, 4);
const speed = (times: number[]): Row => ({
  'p50 ms': round(percentile(times, 0.5)),
  'p95 ms': round(percentile(times, 0.95)),
});

/** Chooses the model, and waits until every passage has its embedding. */
async function embed(model: string): Promise<void> {
  const { body: providers } = await server.json('GET', '/api/v1/providers');
  const began = performance.now();
  const { status, body } = await server.json('PUT', `/api/v1/providers/${providers.items[0].id}/embedding`, { model });
  if (status !== 200) throw new Error(`the model was answered ${status}: ${JSON.stringify(body)}`);
  const left = async (): Promise<number> => {
    const { rows: counted } = await database.client.query<{ n: number }>(
      'select count(*)::int as n from index_part where vector_space is null',
    );
    return counted[0]?.n ?? 0;
  };
  while ((await left()) > 0) await sleep(500);
  notes.push(`All passages had their embeddings after ${round((performance.now() - began) / 1000, 1)} s.`);
}

async function ingest(documents: SetDocument[]): Promise<{ baseOf: Map<string, string>; nameOf: Map<string, string> }> {
  const baseOf = new Map<string, string>();
  const nameOf = new Map<string, string>();
  for (const group of new Set(documents.map((d) => d.group))) baseOf.set(group, await makeBase(`Set ${group}`));
  const began = performance.now();
  const cpuBefore = server.cpuMs();
  let chunks = 0;
  await each(documents, 4, async ({ id, title, text, group }) => {
    const made = await addDocument(baseOf.get(group) ?? '', title.slice(0, 300).trim() || 'Untitled', text || title);
    nameOf.set(made.id, id);
    chunks += made.chunkCount;
  });
  const seconds = (performance.now() - began) / 1000;
  const megabytes = documents.reduce((sum, d) => sum + d.text.length, 0) / 1e6;
  notes.push(
    `${documents.length} documents, ${chunks} chunks, ${round(megabytes)} MB of text, indexed in ${round(seconds, 1)} s ` +
      `(${round(documents.length / seconds, 0)} documents/s, ${round(megabytes / seconds)} MB/s, ` +
      `${round((server.cpuMs() - cpuBefore) / documents.length)} ms of the server's CPU each).`,
  );
  return { baseOf, nameOf };
}

/** nDCG, recall and MRR of documents; a document stands where the best of its chunks stands. */
async function judgeDocuments(dir: string): Promise<{ base: string; queries: string[]; texts: string[] }> {
  const { documents, queries } = readSet(dir, option('split') ?? 'test');
  const { baseOf, nameOf } = await ingest(documents);
  await database.client.query('vacuum analyze');
  const set: Judged = { baseOf, nameOf, queries };
  const words = await judgeQueries(set, 'words');
  const model = option('embedding-model');
  if (model) {
    await embed(model);
    await judgeQueries(set, `words and ${model}`);
    await compareFusions(set, model, words);
  }
  const base = [...baseOf.values()][0] ?? '';
  return { base, queries: queries.map((q) => q.text), texts: documents.map((d) => d.text) };
}

interface Judged {
  baseOf: Map<string, string>;
  nameOf: Map<string, string>;
  queries: SetQuery[];
}

const figuresOf = ({ nameOf }: Judged, found: string[], { relevant }: SetQuery) =>
  measure([...new Set(found.map((document) => nameOf.get(document) ?? ''))], relevant);

const quality = (figures: ReturnType<typeof measure>[]): Row => ({
  'nDCG@10': mean(figures.map((f) => f.ndcg10)),
  'recall@10': mean(figures.map((f) => f.recall10)),
  'recall@100': mean(figures.map((f) => f.recall100)),
  'MRR@10': mean(figures.map((f) => f.mrr10)),
});

/** What was found, query by query. */
async function judgeQueries(set: Judged, by: string): Promise<Map<SetQuery, Placed[]>> {
  const times: number[] = [];
  const figures: ReturnType<typeof measure>[] = [];
  const lists = new Map<SetQuery, Placed[]>();
  await each(set.queries, 1, async (query) => {
    const base = set.baseOf.get(query.group);
    const { results, ms } = base ? await search(base, query.text, most) : { results: [], ms: 0 };
    times.push(ms);
    lists.set(
      query,
      results.map(({ chunkId, documentId, score }) => ({ id: chunkId, document: documentId, score })),
    );
    figures.push(
      figuresOf(
        set,
        results.map((r) => r.documentId),
        query,
      ),
    );
  });
  const what = `${set.queries.length} queries by ${by}, ${most} chunks each`;
  rows.push({ what, ...quality(figures), ...speed(times) });
  return lists;
}

/** The same two channels, put together in other ways: here, not in the server, which knows one. */
async function compareFusions(set: Judged, model: string, words: Map<SetQuery, Placed[]>): Promise<void> {
  const db = await openServersDatabase();
  const figures = new Map<string, ReturnType<typeof measure>[]>(Object.keys(fusions).map((name) => [name, []]));
  for (const [group, base] of set.baseOf) {
    const passages = await readVectors(database.client, db, base);
    for (const query of set.queries.filter((one) => one.group === group)) {
      const near = nearest(passages, await vectorOf(embeddings, model, query.text.slice(0, 2000)));
      for (const [name, fusion] of Object.entries(fusions)) {
        const found = fusion(words.get(query) ?? [], near).map(({ document }) => document);
        figures.get(name)?.push(figuresOf(set, found, query));
      }
    }
  }
  for (const [name, of] of figures) rows.push({ what: `by ${name}`, ...quality(of) });
  await db.close();
}

interface SpanQuestion {
  doc: string;
  text: string;
  spans: [number, number][];
}

/** A long text in parts, each with where it began. */
function partsOf(text: string): { at: number; text: string }[] {
  const parts: { at: number; text: string }[] = [];
  for (let at = 0; at < text.length;) {
    const paragraph = text.lastIndexOf('\n', at + mostCharacters);
    const end = at + mostCharacters >= text.length ? text.length : paragraph > at ? paragraph + 1 : at + mostCharacters;
    parts.push({ at, text: text.slice(at, end) });
    at = end;
  }
  return parts;
}

/** How much of the spans that hold the answer stands in the passages found, read until `words` are spent. */
function spanRecall(
  found: { from: number; to: number; text: string }[],
  spans: [number, number][],
  words: number,
): number {
  let left = words;
  let covered = 0;
  const seen = spans.map(([start, end]) => new Uint8Array(end - start));
  for (const { from, to, text } of found) {
    left -= text.split(/\s+/).length;
    if (left < 0) break;
    for (const [i, [start, end]] of spans.entries()) {
      for (let at = Math.max(start, from); at < Math.min(end, to); at++) (seen[i] as Uint8Array)[at - start] = 1;
    }
  }
  for (const marks of seen) covered += marks.reduce((sum, mark) => sum + mark, 0);
  return covered / spans.reduce((sum, [start, end]) => sum + end - start, 0);
}

async function judgeSpans(dir: string): Promise<{ base: string; queries: string[]; texts: string[] }> {
  const documents = readLines<{ id: string; text: string }>(join(dir, 'docs.jsonl'));
  const questions = readLines<SpanQuestion>(join(dir, 'questions.jsonl'));
  const split = documents.flatMap(({ id, text }) =>
    partsOf(text).map((part) => ({ id: `${id}@${part.at}`, title: id, text: part.text, group: '' })),
  );
  const { baseOf, nameOf } = await ingest(split);
  await database.client.query('vacuum analyze');
  const base = baseOf.get('') ?? '';
  await judgeQuestions(base, nameOf, questions, 'words');
  const model = option('embedding-model');
  if (model) {
    await embed(model);
    await judgeQuestions(base, nameOf, questions, `words and ${model}`);
  }
  return { base, queries: questions.map((q) => q.text), texts: documents.map((d) => d.text) };
}

async function judgeQuestions(
  base: string,
  nameOf: Map<string, string>,
  questions: SpanQuestion[],
  by: string,
): Promise<void> {
  const times: number[] = [];
  const recalls: number[] = [];
  await each(questions, 1, async ({ doc, text, spans }) => {
    const { results, ms } = await search(base, text, 30);
    times.push(ms);
    const found = results.map((r) => {
      const [id = '', at = '0'] = (nameOf.get(r.documentId) ?? '').split('@');
      // A passage of another document spends words and covers nothing.
      const from = id === doc ? Number(at) + r.start : Infinity;
      return { from, to: from + r.end - r.start, text: r.text };
    });
    recalls.push(spanRecall(found, spans, 1500));
  });
  rows.push({
    what: `${questions.length} questions by ${by}`,
    'span recall at 1,500 words': mean(recalls),
    ...speed(times),
  });
}

/** Documents of sentences taken at random from the set, until the base holds so many chunks. */
async function fill(base: string, texts: string[], chunks: number): Promise<void> {
  const sentences = texts
    .flatMap((text) => text.split(/(?<=[.!?])\s+|\n+/))
    .filter((s) => s.length > 20 && s.length < 600);
  let state = 1;
  const pick = (): string => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return sentences[state % sentences.length] ?? '';
  };
  const { rows: held } = await database.client.query<{ n: number }>(
    'select count(*)::int as n from chunk c join document d on d.org_id = c.org_id and d.id = c.document_id where d.knowledge_base_id = $1',
    [base],
  );
  let have = held[0]?.n ?? 0;
  const began = performance.now();
  const before = have;
  const paragraph = (): string => {
    let text = '';
    while (text.length < 800) text += `${pick()} `;
    return text;
  };
  await each(Array.from({ length: 2 }), 2, async () => {
    while (have < chunks) {
      const text = Array.from({ length: 100 }, paragraph).join('\n\n');
      const made = await addDocument(base, pick().slice(0, 80).trim() || 'Filler', text);
      have += made.chunkCount;
    }
  });
  notes.push(
    `Filled up to ${have} chunks with sentences of the set, ${round((have - before) / ((performance.now() - began) / 1000), 0)} chunks/s.`,
  );
  await database.client.query('vacuum analyze');
}

async function openServersDatabase() {
  const config = makeConfig({ RAPPORT_DATA_DIR: server.dataDir, RAPPORT_READ_PLAIN: 'true' });
  return (await connectDatabase(config, { connectionString: database.url })).db;
}

/** The statement that reads the index, by itself, for the same questions. */
async function bareSql(base: string, queries: string[]): Promise<number[]> {
  const db = await openServersDatabase();
  const { rows: held } = await database.client.query<{ org_id: string }>(
    'select org_id from knowledge_base where id = $1',
    [base],
  );
  const orgId = held[0]?.org_id ?? '';
  const scope = db.in(orgId);
  const bases = { ids: [base], reader: null };
  const hash = await termHasher(scope.codec, orgId);
  const { chunks, languages } = await collectionOf(scope, orgId, bases);
  const times: number[] = [];
  for (const query of queries) {
    const terms = [...ask(query, languages).terms.keys()].map(hash);
    const began = performance.now();
    await occurrencesOf(scope, orgId, bases, chunks, terms, []);
    times.push(performance.now() - began);
  }
  await db.close();
  return times;
}

async function judgeSpeed(base: string, queries: string[], chunks: string): Promise<void> {
  const some = queries.slice(0, 300);
  for (const query of some.slice(0, 30)) await search(base, query, 10);
  rows.push({ what: `${chunks} chunks: the index alone, by SQL`, ...speed(await bareSql(base, some)) });
  for (const atOnce of [1, clients]) {
    const times: number[] = [];
    const began = performance.now();
    const cpuBefore = server.cpuMs();
    const asked = atOnce === 1 ? some : [...some, ...some, ...some];
    await each(asked, atOnce, async (query) => times.push((await search(base, query, 10)).ms));
    const seconds = (performance.now() - began) / 1000;
    rows.push({
      what: `${chunks} chunks: search, 10 results, ${atOnce} at once`,
      ...speed(times),
      'a second': round(times.length / seconds, 0),
      'server CPU ms': round((server.cpuMs() - cpuBefore) / times.length),
    });
  }
}

const judged = existsSync(join(folder, 'docs.jsonl')) ? await judgeSpans(folder) : await judgeDocuments(folder);
const sizeOfIndex = async (): Promise<string> => {
  const { rows: sizes } = await database.client.query<{ mb: number }>(
    `select sum(pg_total_relation_size(oid)) / 1e6 as mb from pg_class where relname in ('posting', 'index_part', 'index_segment')`,
  );
  return `${round(Number(sizes[0]?.mb), 1)} MB`;
};
notes.push(`The index takes ${await sizeOfIndex()}.`);
const fillTo = Number(option('fill') ?? 0);
if (fillTo > 0) {
  await fill(judged.base, judged.texts, fillTo);
  notes.push(`Filled, it takes ${await sizeOfIndex()}.`);
}
await judgeSpeed(judged.base, judged.queries, fillTo > 0 ? String(fillTo) : 'the set’s');
await server.stop();
await database.stop();
report('retrieval', rows, notes);
