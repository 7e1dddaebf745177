/**
 * How long the nearest of many embeddings take to find by looking at each, in the thread that the server uses for it.
 * `--chunks N` (100,000), `--dimensions D` (384). The vectors are random: their number and length count, not their meaning.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createScanner } from '../packages/server/src/slices/knowledge/vectors/scanner.ts';
import { report, type Row } from './lib/report.ts';
import { residentMb } from './lib/server.ts';
import { percentile, round } from './lib/stats.ts';

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const chunks = option('chunks', 100_000);
const dimensions = option('dimensions', 384);
const perBlock = 100;
const searches = 200;
const limit = 100;

let state = 1;
/** From -0.5 to 0.5, the same in every run. */
const random = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32 - 0.5;
};
function vectors(count: number): Float32Array {
  const all = Float32Array.from({ length: count * dimensions }, random);
  for (let i = 0; i < count; i++) {
    const one = all.subarray(i * dimensions, (i + 1) * dimensions);
    const length = Math.hypot(...one);
    for (const [j, value] of one.entries()) one[j] = value / length;
  }
  return all;
}

const scanner = createScanner(() => {});
// As many as the words of a question find at most.
const marked = new Set(Array.from({ length: limit }, (_, i) => i * 7));
const key = 'bench';
const before = residentMb(process.pid);
for (let first = 0; first < chunks; first += perBlock) {
  const segment = Math.floor(first / 1000);
  const block = { id: `b${first}`, segment, firstSlot: first % 1000, vectors: vectors(perBlock) };
  await scanner.run({ do: 'add', key, dimensions, blocks: [block] });
}
const held = residentMb(process.pid) - before;

async function search(): Promise<number> {
  const question = vectors(1);
  const began = performance.now();
  await scanner.run({ do: 'scan', key, question, hidden: new Map(), limit, marked });
  return performance.now() - began;
}

for (let i = 0; i < 10; i++) await search();
const rows: Row[] = [];
for (const atOnce of [1, 4]) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const times: number[] = [];
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const worker = async () => {
    while (times.length < searches) times.push(await search());
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - began) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  delay.disable();
  rows.push({
    what: `${chunks} × ${dimensions}, the nearest ${limit}, ${atOnce} at once`,
    'p50 ms': round(percentile(times, 0.5), 1),
    'p95 ms': round(percentile(times, 0.95), 1),
    'a second': round(times.length / seconds, 0),
    'CPU ms': round((cpu.user + cpu.system) / 1000 / times.length, 1),
    'event loop delay p50 ms': round(delay.percentile(50) / 1e6, 1),
    'event loop delay p99 ms': round(delay.percentile(99) / 1e6, 1),
  });
}
await scanner.stop();
report('vectors', rows, [
  `The vectors are ${round((chunks * dimensions * 4) / 1e6, 0)} MB; with them the process took ${round(held, 0)} MiB more.`,
]);
