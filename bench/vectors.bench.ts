/**
 * How long the nearest of many embeddings take to find by looking at each, in the thread that the server uses for it.
 * `--chunks N` (100,000), `--dimensions D` (384). The vectors are random: their number and length count, not their meaning.
 * `--latent K`: they have no more than K directions of their own, and a little noise, as embeddings of texts have.
 * `--pgvector URL`: then the same over an index of pgvector, in a database made for it on this PostgreSQL of this machine, and how many
 *   of the nearest it finds.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Hidden } from '../packages/server/src/slices/knowledge/vectors/matrix.ts';
import { createScanner } from '../packages/server/src/slices/knowledge/vectors/scanner.ts';
import { openPgvector, type BenchBlock } from './lib/pgvector.ts';
import { report, type Row } from './lib/report.ts';
import { residentMb } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const text = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const option = (name: string, otherwise: number): number => Number(text(name) ?? otherwise);
const chunks = option('chunks', 100_000);
const dimensions = option('dimensions', 384);
const latent = option('latent', 0);
const pgvector = text('pgvector');
const perBlock = 100;
const searches = 200;
const limit = 100;

let state = 1;
/** From -0.5 to 0.5, the same in every run. */
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32 - 0.5;
};
const directions = Array.from({ length: latent }, () => Float32Array.from({ length: dimensions }, random));
function numbers(): Float32Array {
  if (latent === 0) return Float32Array.from({ length: dimensions }, random);
  const one = Float32Array.from({ length: dimensions }, () => random() / 4);
  for (const direction of directions) {
    const weight = random();
    for (const [j, value] of direction.entries()) one[j] = (one[j] as number) + weight * value;
  }
  return one;
}
function vectors(count: number): Float32Array {
  const all = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    const one = numbers();
    const length = Math.hypot(...one);
    for (const [j, value] of one.entries()) all[i * dimensions + j] = value / length;
  }
  return all;
}

const scanner = createScanner(() => {});
// As many as the words of a question find at most.
const marked = new Set(Array.from({ length: limit }, (_, i) => i * 7));
const key = 'bench';
const blocks = function* (): Generator<BenchBlock> {
  for (let first = 0; first < chunks; first += perBlock) {
    yield { id: `b${first}`, segment: Math.floor(first / 1000), firstSlot: first % 1000, vectors: vectors(perBlock) };
  }
};
const dataDir = await mkdtemp(join(tmpdir(), 'rapport-bench-'));
const database = pgvector === undefined ? undefined : await openPgvector(pgvector, dimensions, dataDir);
const notes: string[] = [];

const before = residentMb(process.pid);
let copying = 0;
for (const block of blocks()) {
  const began = performance.now();
  await database?.add(block);
  copying += performance.now() - began;
  // Given away with its buffer.
  await scanner.run({ do: 'add', key, dimensions, blocks: [block] });
}
const held = residentMb(process.pid) - before;
notes.push(
  `The vectors are ${round((chunks * dimensions * 4) / 1e6, 0)} MB; with them the process took ${round(held, 0)} MiB more.`,
);

let hidden: Hidden = new Map();
const scan = async (question: Float32Array) =>
  (await scanner.run({ do: 'scan', key, question, hidden, limit, marked })).hits.map(
    ({ segment, slot }) => `${segment}/${slot}`,
  );
const look = async (question: Float32Array) =>
  ((await database?.search(question, limit)) ?? []).map(({ segment, slot }) => `${segment}/${slot}`);

const rows: Row[] = [];
async function measure(what: string, search: (question: Float32Array) => Promise<string[]>): Promise<Row> {
  for (let i = 0; i < 10; i++) await search(vectors(1));
  let figures: Row = {};
  for (const atOnce of [1, 4]) {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const times: number[] = [];
    const began = performance.now();
    const cpuBefore = process.cpuUsage();
    const databaseBefore = (await database?.cpuMs()) ?? 0;
    const worker = async () => {
      while (times.length < searches) {
        const question = vectors(1);
        const asked = performance.now();
        await search(question);
        times.push(performance.now() - asked);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    const seconds = (performance.now() - began) / 1000;
    const cpu = process.cpuUsage(cpuBefore);
    delay.disable();
    figures = {
      what: `${chunks} × ${dimensions}, the nearest ${limit}, ${what}, ${atOnce} at once`,
      'p50 ms': round(percentile(times, 0.5), 1),
      'p95 ms': round(percentile(times, 0.95), 1),
      'a second': round(times.length / seconds, 0),
      'CPU ms': round((cpu.user + cpu.system) / 1000 / times.length, 1),
      'CPU of the database ms': round((((await database?.cpuMs()) ?? 0) - databaseBefore) / times.length, 1),
      'event loop delay p50 ms': round(delay.percentile(50) / 1e6, 1),
      'event loop delay p99 ms': round(delay.percentile(99) / 1e6, 1),
    };
    rows.push(figures);
  }
  return figures;
}

/** How many of the nearest, and of the nearest ten, the index finds. */
async function recall(): Promise<{ ofAll: number; ofTen: number }> {
  let [ofAll, ofTen] = [0, 0];
  for (let i = 0; i < searches; i++) {
    const question = vectors(1);
    const exact = await scan(question);
    const found = new Set(await look(question));
    const share = (places: string[]) => places.filter((place) => found.has(place)).length / places.length;
    ofAll += share(exact) / searches;
    ofTen += share(exact.slice(0, 10)) / searches;
  }
  return { ofAll, ofTen };
}

await measure('exact', scan);
if (database) {
  const began = performance.now();
  await database.index();
  const built = (performance.now() - began) / 1000;
  await database.vacuum();
  const { table, graph } = await database.size();
  notes.push(
    `Copied in ${round(copying / 1000, 1)} s, the graph made in ${round(built, 1)} s; the table takes ${round(table, 0)} MB, the graph ${round(graph, 0)} MB.`,
  );
  for (const [what, every] of [
    ['index', 0],
    ['index, a tenth hidden', 10],
    ['index, half hidden', 2],
  ] as const) {
    await database.hide(every);
    hidden = await database.hidden();
    await measure(what, look);
    const { ofAll, ofTen } = await recall();
    notes.push(
      `${what}: of the exact ${limit} it finds ${round(ofAll, 4)}, of the first ten of them ${round(ofTen, 4)}.`,
    );
  }
  await database.close();
}
await scanner.stop();
await rm(dataDir, { recursive: true, force: true });
report('vectors', rows, notes);
