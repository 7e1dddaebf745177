import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRunning } from '../../platform/db/embedded.ts';
import { readZip } from '../../platform/zip/zip.ts';

// A real server with a database of its own, because what is looked at are the files below its data directory.
const cli = fileURLToPath(new URL('../../../../cli/src/main.ts', import.meta.url));
const marks = ['name', 'alias', 'title', 'about', 'message', 'guidance', 'hold', 'answer'] as const;
const markOf = (mark: (typeof marks)[number], who = 'gone') => `${mark}-${who}-heliotrope-kestrel`;

let folder: string;
let dataDir: string;
let server: ChildProcess | undefined;
let url: string;
let log = '';

const env = () => ({
  PATH: process.env['PATH'],
  RAPPORT_DATA_DIR: dataDir,
  RAPPORT_PORT: '0',
  RAPPORT_LOG_LEVEL: 'trace',
});

async function start() {
  const child = spawn(process.execPath, [cli, 'start'], { env: env(), stdio: ['ignore', 'pipe', 'pipe'] });
  server = child;
  url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      log += chunk.toString();
      const ready = /Rapport is ready: (\S+)/.exec(log.slice(log.lastIndexOf('Rapport is ready')));
      if (ready?.[1]) resolve(ready[1]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`the server did not start: ${log}`)));
  });
}

async function stop() {
  const child = server;
  if (!child || child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
  log = log.replaceAll('Rapport is ready', 'Rapport was ready');
}

const rapport = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { env: env(), encoding: 'utf8' });
  return { status, output: stdout + stderr };
};

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const init: RequestInit = {
    method,
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
  };
  if (body) init.body = JSON.stringify(body);
  const response = await fetch(`${url}/api/v1/${path}`, init);
  const text = await response.text();
  if (response.status >= 500) throw new Error(`${method} ${path}: ${text}`);
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

async function sql<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client(await findRunning(dataDir));
  await client.connect();
  return (await client.query<T>(text, values).finally(() => client.end())).rows;
}

/** Every file the server and its database keep, as it stands on disk. */
function* filesBelow(at: string): Generator<string> {
  for (const name of readdirSync(at)) {
    const path = join(at, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isDirectory()) yield* filesBelow(realpathSync(path));
    else if (stat?.isFile()) yield path;
  }
}

function filesWith(needle: string | Buffer): string[] {
  return [...filesBelow(dataDir)].filter((path) => readFileSync(path).includes(needle));
}

async function talk(personaId: string, who: string) {
  const { body: client } = await call(
    'POST',
    'clients',
    { name: markOf('name', who), about: markOf('about', who) },
    { 'idempotency-key': `make-${who}` },
  );
  const start = { personaId, clientId: client.id, title: markOf('title', who) };
  const { body: session } = await call('POST', 'sessions', start, { 'idempotency-key': `start-${who}` });
  const { body: invitation } = await call('POST', `sessions/${session.id}/invitations`, {
    alias: markOf('alias', who),
  });
  const { body: accepted } = await call('POST', `invitations/${invitation.token}/accept`, {
    alias: markOf('alias', who),
  });
  const headers = { authorization: `Bearer ${accepted.accessToken}` };
  await call('POST', `sessions/${session.id}/guidance`, { text: markOf('guidance', who) });
  await call('POST', `sessions/${session.id}/messages`, { text: markOf('message', who) }, headers);
  await expect.poll(async () => (await messages(session.id)).length).toBe(2);
  return { clientId: client.id as string, sessionId: session.id as string, headers };
}

const messages = async (sessionId: string): Promise<{ text: string }[]> =>
  (await call('GET', `sessions/${sessionId}/messages`)).body.items;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-proof-'));
  dataDir = join(folder, 'data');
  await start();
}, 60_000);

afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

const limits = { fileBytes: 1e9, ratio: 1e6 };
const unpacked = async (file: string) => {
  const bytes = readFileSync(file);
  const tables = await sql<{ name: string }>(
    `select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  const names = ['manifest.json', ...tables.map(({ name }) => `tables/${name}.copy`)];
  return Buffer.concat([...(await readZip(bytes, { ...limits, names })).values()]);
};

test(
  'an erased client is in no file of the database, no log, no backup made before or after',
  { timeout: 120_000 },
  async () => {
    await call('POST', 'setup', { ownerName: 'Olga', organisation: 'House', provider: null });
    const { body: persona } = await call('POST', 'personas', { name: 'Mira', role: 'coach', instructions: 'Listen.' });
    await call('POST', `personas/${persona.id}/publish`);
    const gone = await talk(persona.id, 'gone');
    const stays = await talk(persona.id, 'stays');
    const subject = { kind: 'client', id: gone.clientId };
    const { body: hold } = await call('POST', 'privacy/holds', { subject, reason: markOf('hold') });
    await call('POST', `privacy/holds/${hold.id}/lift`, { reason: markOf('hold') });
    await call('POST', 'me/record/erasure-request', undefined, gone.headers);
    const { body: wishes } = await call('GET', 'privacy/requests');
    await call('POST', `privacy/requests/${wishes.items[0].id}/decline`, { answer: markOf('answer') });

    // What is looked for can be found: names stand in clear, what was said does not, and the wrapped key is there.
    const keyOf = `select wrapped from data_key where holder_id = $1`;
    const wrapped = (await sql<{ wrapped: Buffer }>(keyOf, [gone.clientId]))[0]?.wrapped;
    await sql('analyze');
    await sql('checkpoint');
    expect(wrapped?.length).toBeGreaterThan(32);
    expect(filesWith(wrapped ?? '')).not.toEqual([]);
    expect(filesWith(markOf('name'))).not.toEqual([]);
    for (const mark of ['about', 'message', 'guidance', 'hold', 'answer'] as const)
      expect(filesWith(markOf(mark)), mark).toEqual([]);
    const [early, keys, late] = ['early.zip', 'keys.zip', 'late.zip'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    expect(rapport('backup', early, '--keys', keys)).toMatchObject({ status: 0 });
    expect((await unpacked(early)).includes(markOf('name'))).toBe(true);
    expect((await unpacked(early)).includes(wrapped?.toString('hex') ?? '')).toBe(false);
    expect((await unpacked(keys)).includes(wrapped?.toString('hex') ?? '')).toBe(true);

    const erased = await call('POST', 'privacy/erasures', { subject, confirm: markOf('name') });
    expect([erased.status, erased.body.status]).toEqual([201, 'done']);
    const receipt = await (await fetch(`${url}/api/v1/privacy/erasures/${erased.body.id}/receipt`)).text();
    expect(JSON.parse(receipt).receipt.files).toMatchObject({ postponed: [], logCut: true });
    for (const mark of marks) expect(filesWith(markOf(mark)), mark).toEqual([]);
    expect(filesWith(wrapped ?? '')).toEqual([]);
    expect((await call('GET', `privacy/records/client/${gone.clientId}/export`)).status).toBe(404);
    expect((await messages(stays.sessionId)).map((m) => m.text)).toContain(markOf('message', 'stays'));

    expect(rapport('backup', late, '--with-keys')).toMatchObject({ status: 0 });
    for (const mark of marks) expect((await unpacked(late)).includes(markOf(mark)), mark).toBe(false);
    await stop();
    for (const mark of marks) expect(log.includes(markOf(mark)), `log: ${mark}`).toBe(false);

    // The database goes back to before, and the keys with it.
    expect(rapport('restore', early, '--keys', keys).output).toContain('--replace');
    const restored = rapport('restore', early, '--keys', keys, '--replace');
    expect([restored.status, restored.output]).toEqual([0, expect.stringContaining('1 who were erased since')]);
    for (const mark of marks) expect(filesWith(markOf(mark)), `restored: ${mark}`).toEqual([]);
    expect(filesWith(wrapped ?? '')).toEqual([]);
    await start();
    expect((await call('GET', `clients/${gone.clientId}`)).status).toBe(404);
    expect((await call('GET', `sessions/${gone.sessionId}`)).status).toBe(404);
    expect((await messages(stays.sessionId)).map((m) => m.text)).toContain(markOf('message', 'stays'));
    expect((await call('GET', `clients/${stays.clientId}`)).body.about).toBe(markOf('about', 'stays'));
  },
);
