import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StartupError } from '../startupError.ts';
import { startEmbedded, type EmbeddedPostgres } from './embedded.ts';

const said: string[] = [];
const write = (line: unknown) => void said.push(String(line));
const log = { info: write, warn: write, error: write };

let dataDir: string;
let running: EmbeddedPostgres[];

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'rapport-embedded-'));
  chmodSync(dataDir, 0o755);
  running = [];
  said.length = 0;
});

afterEach(async () => {
  for (const one of running) await one.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const start = async () => {
  const one = await startEmbedded({ dataDir, log });
  running.push(one);
  return one;
};

const ask = async (one: EmbeddedPostgres, text: string): Promise<unknown[]> => {
  const client = new pg.Client(one.poolConfig);
  await client.connect();
  try {
    return (await client.query<{ value: unknown }>(text)).rows.map((row) => row.value);
  } finally {
    await client.end();
  }
};

const refusal = async (): Promise<StartupError> => {
  const error: unknown = await start().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(StartupError);
  return error as StartupError;
};

const startInChild = async () => {
  const module = new URL('./embedded.ts', import.meta.url).href;
  const script = `
    const { startEmbedded } = await import(${JSON.stringify(module)});
    const log = { info() {}, warn() {}, error() {} };
    const { poolConfig } = await startEmbedded({ dataDir: ${JSON.stringify(dataDir)}, log });
    console.log(JSON.stringify(poolConfig));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, poolConfig: JSON.parse(line.toString()) as EmbeddedPostgres['poolConfig'] };
};

test('a fresh start makes a durable UTF-8 database that listens on no port', async () => {
  const one = await start();
  expect(await ask(one, 'select current_database() as value')).toEqual(['rapport']);
  expect(
    await ask(one, "select setting as value from pg_settings where name in ('fsync', 'synchronous_commit')"),
  ).toEqual(['on', 'on']);
  expect(await ask(one, "select current_setting('server_encoding') as value")).toEqual(['UTF8']);
  if (process.platform !== 'win32')
    expect(await ask(one, "select current_setting('listen_addresses') as value")).toEqual(['']);
});

test('a wrong password is refused', async () => {
  const one = await start();
  const client = new pg.Client({ ...one.poolConfig, password: 'guess' });
  await expect(client.connect()).rejects.toThrow(/password authentication failed/);
});

test('what was stored is there after a stop and a second start', async () => {
  const first = await start();
  await ask(first, 'create table kept as select 7 as value');
  await first.stop();
  await first.stop();
  expect(existsSync(join(dataDir, 'server.lock'))).toBe(false);
  expect(await ask(await start(), 'select value from kept')).toEqual([7]);
});

test('the database that a killed server left running is taken over, and stopped in the end', async () => {
  const { child } = await startInChild();
  const pidFile = join(dataDir, 'postgres', 'cluster', 'postmaster.pid');
  const orphan = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(() => process.kill(orphan, 0)).not.toThrow();

  const one = await start();
  expect(Number.parseInt(readFileSync(pidFile, 'utf8'), 10)).toBe(orphan);
  expect(await ask(one, 'select 1 as value')).toEqual([1]);
  await one.stop();
  expect(existsSync(pidFile)).toBe(false);
});

test('a killed server and a killed database start again', async () => {
  const { child } = await startInChild();
  const orphan = Number.parseInt(readFileSync(join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8'), 10);
  child.kill('SIGKILL');
  process.kill(orphan, 'SIGKILL');
  await once(child, 'exit');
  expect(await ask(await start(), 'select 1 as value')).toEqual([1]);
});

test('a stale postmaster.pid whose process id now belongs to someone else is no obstacle', async () => {
  await (await start()).stop();
  const cluster = join(dataDir, 'postgres', 'cluster');
  writeFileSync(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n5432\n/nowhere\n\n 1 1\nready   \n`);
  expect(await ask(await start(), 'select 1 as value')).toEqual([1]);
});

test('a second start on the same data directory names the first', async () => {
  const { child } = await startInChild();
  const error = await refusal();
  expect(error.message).toBe(`Rapport is already running on ${dataDir} (process ${child.pid}).`);
  expect(error.wayOut).toContain('RAPPORT_DATA_DIR');
  child.kill('SIGKILL');
  await once(child, 'exit');
  await start();
});

test('of ten starts at once exactly one wins, a dead lock or not', async () => {
  writeFileSync(join(dataDir, 'server.lock'), '999999\nlong-gone\n');
  const results = await Promise.allSettled(Array.from({ length: 10 }, () => start()));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('a database whose making was interrupted is made anew', async () => {
  mkdirSync(join(dataDir, 'postgres.new', 'cluster', 'base'), { recursive: true });
  expect(await ask(await start(), 'select 1 as value')).toEqual([1]);
  expect(said.join('\n')).toContain('interrupted');
  expect(existsSync(join(dataDir, 'postgres.new'))).toBe(false);
});

test('a database that lost its files is not silently replaced', async () => {
  mkdirSync(join(dataDir, 'postgres'));
  expect((await refusal()).message).toContain('incomplete');
});

test('a database of another major version is left alone', async () => {
  await (await start()).stop();
  writeFileSync(join(dataDir, 'postgres', 'cluster', 'PG_VERSION'), '17\n');
  const error = await refusal();
  expect(error.message).toContain('PostgreSQL 17');
  expect(error.wayOut).toContain('DATABASE_URL');
  expect(existsSync(join(dataDir, 'server.lock'))).toBe(false);
});

test('a data directory that is a file gets one sentence', async () => {
  rmSync(dataDir, { recursive: true });
  writeFileSync(dataDir, '');
  expect((await refusal()).message).toContain('a file is in its place');
});

test('a data directory too deep for a socket path works', async () => {
  const base = dataDir;
  dataDir = join(base, 'deep-'.repeat(12), 'deeper-'.repeat(12));
  const one = await start();
  expect(one.poolConfig.host.startsWith(dataDir)).toBe(false);
  expect(await ask(one, 'select 1 as value')).toEqual([1]);
  await one.stop();
  expect(existsSync(one.poolConfig.host)).toBe(false);
  dataDir = base;
});

test.runIf(process.getuid?.() === 0)('as root, a data directory closed to others still gets its database', async () => {
  const base = dataDir;
  chmodSync(base, 0o700);
  dataDir = join(base, 'data');
  const one = await start();
  expect(await ask(one, 'select 1 as value')).toEqual([1]);
  expect(said.join('\n')).toContain('links to it');
  await one.stop();
  rmSync(join(one.poolConfig.host, '..'), { recursive: true });
  dataDir = base;
});
