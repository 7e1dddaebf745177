import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createExtractor, type Extractor, type ExtractionFailure, type Limits } from './extractor.ts';

const documents = fileURLToPath(new URL('../../../test/documents/', import.meta.url));
const good = { path: `${documents}handbook.html`, name: 'handbook.html' };
const home = mkdtempSync(join(tmpdir(), 'rapport-extractor-'));
/** Keeps the parser busy for minutes: one page that is a hundred million strokes. */
const endless = { path: join(home, 'endless'), name: 'endless.pdf' };
/** Wants more memory than it may have: nothing is in it but what unpacks to gigabytes. */
const greedy = { path: join(home, 'greedy'), name: 'greedy.pdf' };

/** So many megabytes of the same, packed a megabyte at a time. */
function packed(text: string, megabytes: number): Buffer {
  const one = deflateRawSync(Buffer.alloc(1e6, text), { finishFlush: constants.Z_FULL_FLUSH });
  const head = Buffer.from([0x78, 0x9c]);
  return Buffer.concat([head, ...Array.from({ length: megabytes }, () => one), Buffer.from([3, 0, 0, 0, 0, 1])]);
}

const onePage = (stream: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(
      `%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>\nendobj\n4 0 obj\n<< /Length ${stream.length} /Filter /FlateDecode >>\nstream\n`,
    ),
    stream,
    Buffer.from('\nendstream\nendobj\ntrailer\n<< /Size 5 /Root 1 0 R >>\n%%EOF\n'),
  ]);

beforeAll(() => {
  writeFileSync(endless.path, onePage(packed('q Q ', 100)));
  writeFileSync(greedy.path, onePage(packed(' ', 4000)));
});

const extractors: Extractor[] = [];
const create = (limits: Partial<Limits> = {}): Extractor => {
  const extractor = createExtractor({ log: { warn: () => {} }, limits });
  extractors.push(extractor);
  return extractor;
};
afterAll(async () => {
  await Promise.all(extractors.map((extractor) => extractor.close()));
  rmSync(home, { recursive: true, force: true });
});

const failureOf = (work: Promise<unknown>): Promise<ExtractionFailure> =>
  work.then(
    () => expect.fail('it was read'),
    (error: ExtractionFailure) => error,
  );

/** Processes that read documents for this one, or for another. */
const children = (of = process.pid): number[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, parent, state, ...args]) =>
        Number(parent) === of && !state?.startsWith('Z') && args.join(' ').includes('extract.child'),
    )
    .map(([pid]) => Number(pid));

test('documents wait for their turn, and one process reads them all', async () => {
  const extractor = create();
  const all = Array.from({ length: 12 }, () => extractor.extract(good));
  const most = new Set<number>();
  for (const one of all) {
    await one;
    children().forEach((pid) => most.add(pid));
  }
  expect(most.size).toBe(1);
  await extractor.close();
  expect(children()).toEqual([]);
});

test('a process without work ends by itself', async () => {
  const extractor = create({ idleMs: 50 });
  await extractor.extract(good);
  await expect.poll(() => children()).toEqual([]);
  expect((await extractor.extract(good)).format).toBe('html');
  await extractor.close();
});

test('killed in the middle: that document fails, the next is read', async () => {
  const extractor = create();
  const [failure, next] = [failureOf(extractor.extract(endless)), extractor.extract(good)];
  await expect.poll(() => children()).toHaveLength(1);
  process.kill(children()[0] ?? 0, 'SIGKILL');
  expect(await failure).toMatchObject({ reason: 'stopped' });
  expect((await next).title).toBe('A handbook for better nights');
  await extractor.close();
});

test('one that takes too long, or hangs: likewise', async () => {
  const extractor = create({ stallMs: 5000 });
  const [failure, next] = [failureOf(extractor.extract(endless)), extractor.extract(good)];
  expect(await failure).toMatchObject({ reason: 'too-long' });
  expect((await next).format).toBe('html');
  expect(children()).toHaveLength(1);
  await extractor.close();
});

test('a bomb in memory: likewise, whether the heap or the whole process is full', async () => {
  const extractor = create();
  const failure = await failureOf(extractor.extract(greedy));
  expect(failure).toMatchObject({ reason: 'out-of-memory' });
  const small = create({ heapMegabytes: 24 });
  const path = join(home, 'rows.json');
  writeFileSync(path, `[${'{"a":1},'.repeat(1_000_000)}{"a":1}]`);
  expect(await failureOf(small.extract({ path, name: 'rows.json' }))).toMatchObject({ reason: 'out-of-memory' });
  expect((await extractor.extract(good)).format).toBe('html');
  await Promise.all([extractor.close(), small.close()]);
});

test('who stops waiting leaves the queue; who stops the running one makes room', async () => {
  const extractor = create();
  const [running, waiting] = [new AbortController(), new AbortController()];
  const first = failureOf(extractor.extract(endless, running.signal));
  const second = failureOf(extractor.extract(good, waiting.signal));
  const third = extractor.extract(good);
  waiting.abort();
  expect(await second).toMatchObject({ reason: 'stopped' });
  running.abort();
  expect(await first).toMatchObject({ reason: 'stopped' });
  expect((await third).format).toBe('html');
  await extractor.close();
});

test('closing ends what runs and what waits, and leaves no process', async () => {
  const extractor = create({ concurrency: 2 });
  const all = [endless, endless, good].map((file) => failureOf(extractor.extract(file)));
  await expect.poll(() => children()).toHaveLength(2);
  await extractor.close();
  expect((await Promise.all(all)).map(({ reason }) => reason)).toEqual(['stopped', 'stopped', 'stopped']);
  expect(children()).toEqual([]);
  expect(await failureOf(extractor.extract(good))).toMatchObject({ reason: 'stopped' });
});

test('a server that was killed leaves no process that goes on reading', async () => {
  const script = join(home, 'server.ts');
  const extractor = JSON.stringify(new URL('./extractor.ts', import.meta.url).href);
  writeFileSync(
    script,
    `import { createExtractor } from ${extractor};\nvoid createExtractor({ log: { warn() {} } }).extract(${JSON.stringify(endless)});\n`,
  );
  const server = fork(script, { stdio: 'ignore', execArgv: [] });
  await expect.poll(() => children(server.pid), { timeout: 10_000 }).toHaveLength(1);
  const [reader = 0] = children(server.pid);
  // It has loaded its parsers and is at work.
  await expect.poll(() => secondsOf(reader), { timeout: 15_000 }).toBeGreaterThan(1);
  server.kill('SIGKILL');
  await expect.poll(() => isThere(reader), { timeout: 10_000 }).toBe(false);
});

const secondsOf = (pid: number): number => {
  const time = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  return time.split(/[:-]/).reduce((sum, part) => sum * 60 + Number(part), 0);
};
const isThere = (pid: number): boolean => {
  try {
    return !/^Z/.test(execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }));
  } catch {
    return false;
  }
};

test('what reads documents may not write nor start programs, and is given no environment', async () => {
  const extractor = create();
  await extractor.extract(good);
  const [pid = 0] = children();
  const args = execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
  expect(args).toMatch(/ --permission --allow-fs-read=/);
  expect(args).not.toMatch(/--allow-(?:fs-write|child-process|addons|wasi)/);
  if (process.platform === 'linux')
    expect(
      readFileSync(`/proc/${pid}/environ`, 'utf8')
        .split('\0')
        .map((one) => one.split('=')[0]),
    ).not.toContain('PATH');
  await extractor.close();
});
