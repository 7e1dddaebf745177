import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLive } from '@rapport/sdk/live';
import type { RoomEvent } from '@rapport/protocol/events';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';

// `CRASHES=50` is the whole figure; every test run kills the server often enough to meet each stage of a reply.
const crashes = Number(process.env['CRASHES'] ?? 10);
const sessionCount = 20;
const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url));

interface Page {
  events: RoomEvent[];
  next: number;
}
interface Talk {
  id: string;
  roomId: string;
  headers: { authorization: string };
  token: string;
  /** Ids of the messages the server has acknowledged. */
  acknowledged: Set<string>;
}

let upstream: Upstream;
let admin: pg.Client;
let name: string;
let dataDir: string;
let port: number;
let server: ChildProcess | undefined;

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const url = (path: string) => `http://127.0.0.1:${port}${path}`;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const free = (probe.address() as AddressInfo).port;
  await new Promise((resolve) => probe.close(resolve));
  return free;
}

/** A server on the test's database. */
async function launch(at: number): Promise<ChildProcess> {
  const { host, port: dbPort, user, password } = inject('database');
  const database = `postgresql://${user}:${encodeURIComponent(password)}@localhost/${name}?host=${encodeURIComponent(host)}&port=${dbPort}`;
  const child = spawn(process.execPath, [main], {
    env: {
      ...process.env,
      DATABASE_URL: database,
      RAPPORT_PORT: String(at),
      RAPPORT_DATA_DIR: dataDir,
      RAPPORT_LOG_LEVEL: 'fatal',
      RAPPORT_OPENAI_BASE_URL: `${upstream.url}/v1`,
      RAPPORT_MODEL: 'words-60@15',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  for (const end = Date.now() + 45_000; Date.now() < end;) {
    if (
      await fetch(`http://127.0.0.1:${at}/readyz`).then(
        (r) => r.ok,
        () => false,
      )
    )
      return child;
    await pause(25);
  }
  throw new Error('the server did not come back');
}

const startServer = async (): Promise<void> => {
  server = await launch(port);
};

async function kill(): Promise<void> {
  const dying = server;
  if (!dying || dying.exitCode !== null) return;
  const gone = new Promise((resolve) => dying.once('exit', resolve));
  dying.kill('SIGKILL');
  await gone;
}

/** Until the server answers, however often it dies in between. */
async function insist<T>(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<T> {
  for (;;) {
    const init: RequestInit = {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    const response = await fetch(url(path), init).catch(() => null);
    if (response && response.status < 500) {
      const answer = await response.json().catch(() => null);
      if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
      if (answer !== null) return answer as T;
    }
    await pause(50);
  }
}

async function open(personaId: string, policy = 'auto'): Promise<Talk> {
  const session = await insist<{ id: string; roomId: string }>('POST', '/api/v1/sessions', { personaId, policy });
  const { token } = await insist<{ token: string }>('POST', `/api/v1/sessions/${session.id}/invitations`, {});
  const { accessToken } = await insist<{ accessToken: string }>('POST', `/api/v1/invitations/${token}/accept`, {});
  return {
    ...session,
    token: accessToken,
    headers: { authorization: `Bearer ${accessToken}` },
    acknowledged: new Set(),
  };
}

async function allEvents(talk: Talk, headers: Record<string, string> = {}): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  for (let after = 0; ;) {
    const page = await insist<Page>(
      'GET',
      `/api/v1/rooms/${talk.roomId}/events?after=${after}&limit=1000`,
      undefined,
      headers,
    );
    events.push(...page.events);
    if (page.events.length === 0) return events;
    after = page.next;
  }
}

beforeAll(async () => {
  upstream = await startUpstream();
  const { template, ...connection } = inject('database');
  name = `t_${randomBytes(8).toString('hex')}`;
  admin = new pg.Client({ ...connection, database: 'postgres' });
  await admin.connect();
  await admin.query(`create database ${name} template ${template}`);
  dataDir = await mkdtemp(join(tmpdir(), 'rapport-crash-'));
  port = await freePort();
  await startServer();
});
afterAll(async () => {
  await kill();
  await admin?.query(`drop database if exists ${name} with (force)`);
  await admin?.end();
  await upstream?.close();
  if (dataDir) await rm(dataDir, { recursive: true, force: true });
});

const ends = new Set(['reply.completed', 'reply.stopped', 'reply.interrupted', 'reply.failed']);
const whole = Array.from({ length: 60 }, (_, i) => `w${i}`).join(' ');

test(`a server killed ${crashes} times loses nothing it acknowledged and shows nothing half as finished`, async () => {
  const persona = await insist<{ id: string }>('POST', '/api/v1/personas', {
    name: 'Mira',
    role: 'coach',
    instructions: 'Listen.',
  });
  await insist('POST', `/api/v1/personas/${persona.id}/publish`);
  const talks: Talk[] = [];
  for (let i = 0; i < sessionCount; i += 1) talks.push(await open(persona.id));
  const [watched] = talks as [Talk];
  const readers = (['socket', 'sse', 'poll'] as const).map((transport) => {
    const seen: RoomEvent[] = [];
    const live = createLive({ baseUrl: url(''), token: () => watched.token, transport });
    const ignore = () => {};
    live.room(watched.roomId, {
      onEvent: (e) => seen.push(e),
      onDelta: ignore,
      onReset: ignore,
      onReplyReset: ignore,
      onStatus: ignore,
    });
    return { live, seen };
  });

  let writing = true;
  const writers = talks.map(async (talk, index) => {
    await pause(index * 37);
    for (let n = 0; writing; n += 1) {
      const key = { ...talk.headers, 'idempotency-key': `${index}-${n}` };
      const { message } = await insist<{ message: { id: string } }>(
        'POST',
        `/api/v1/sessions/${talk.id}/messages`,
        { text: `${index}/${n}` },
        key,
      );
      talk.acknowledged.add(message.id);
      await pause(200 + Math.random() * 1200);
    }
  });
  for (let i = 0; i < crashes; i += 1) {
    await pause(100 + Math.random() * 1500);
    await kill();
    await startServer();
  }
  writing = false;
  await Promise.all(writers);

  // The last replies end, and those of dead servers are adopted when their lease has run out.
  const counts = { whole: 0, marked: 0 };
  for (const talk of talks) {
    let events: RoomEvent[] = [];
    for (let i = 0; i < 120; i += 1) {
      events = await allEvents(talk);
      const open_ =
        events.filter((e) => e.type === 'reply.started').length - events.filter((e) => ends.has(e.type)).length;
      if (open_ === 0) break;
      await pause(250);
    }
    expect(events.map((e) => e.seq)).toEqual(events.map((_, i) => i + 1));
    const created = events
      .filter((e) => e.type === 'message.created' && e.data['author'] === 'client')
      .map((e) => e.data['messageId']);
    expect(created.toSorted()).toEqual([...talk.acknowledged].toSorted());
    const started = events.filter((e) => e.type === 'reply.started').map((e) => e.data['replyId']);
    const ended = events.filter((e) => ends.has(e.type)).map((e) => e.data['replyId']);
    expect(ended.toSorted()).toEqual(started.toSorted());
    for (const event of events) {
      if (event.type === 'reply.interrupted' || event.type === 'reply.failed') counts.marked += 1;
      if (event.type !== 'message.created' || event.data['author'] !== 'persona') continue;
      expect(String(event.data['text']).trim()).toBe(whole);
      counts.whole += 1;
    }
  }
  const log = await allEvents(watched, watched.headers);
  for (const { live, seen } of readers) {
    for (let i = 0; i < 120 && seen.length < log.length; i += 1) await pause(250);
    expect(seen.map((e) => e.seq)).toEqual(log.map((e) => e.seq));
    expect(seen.map((e) => e.data['text'])).toEqual(log.map((e) => e.data['text']));
    live.close();
  }
  const acknowledged = talks.reduce((sum, t) => sum + t.acknowledged.size, 0);
  console.log(
    `${crashes} kills: ${acknowledged} messages acknowledged, each once; ${counts.whole} replies whole, ${counts.marked} marked`,
  );
}, 600_000);

test('supervision 4: a server killed while drafts are released has released each once, or not at all', async () => {
  const persona = await insist<{ id: string }>('POST', '/api/v1/personas', {
    name: 'Mira',
    role: 'coach',
    instructions: 'Listen.',
  });
  await insist('POST', `/api/v1/personas/${persona.id}/publish`);
  const talks: Talk[] = [];
  for (let i = 0; i < sessionCount; i += 1) talks.push(await open(persona.id, 'approve'));
  const review = (id: string) => insist<{ state: string; revision: number }>('GET', `/api/v1/reviews/${id}`);
  const said = async (talk: Talk, id: string): Promise<number> =>
    (await allEvents(talk)).filter((e) => e.type === 'message.created' && e.data['replyId'] === id).length;
  const counts = { before: 0, after: 0 };
  for (let round = 0; round < Math.ceil(crashes / 2); round += 1) {
    const ids = await Promise.all(
      talks.map(async (talk) => {
        const path = `/api/v1/sessions/${talk.id}/messages`;
        const { replyId } = await insist<{ replyId: string }>('POST', path, { text: '[play words-3]' }, talk.headers);
        while ((await review(replyId)).state !== 'waiting') await pause(50);
        return replyId;
      }),
    );
    const release = (id: string) =>
      fetch(url(`/api/v1/reviews/${id}/release`), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ revision: 1 }),
      });
    const asked = ids.map((id) => release(id).catch(() => null));
    await pause(Math.random() * 120);
    await kill();
    await Promise.all(asked);
    await startServer();
    for (const [at, talk] of talks.entries()) {
      const id = ids[at] as string;
      const { state } = await review(id);
      expect(await said(talk, id)).toBe(state === 'released' ? 1 : 0);
      counts[state === 'released' ? 'before' : 'after'] += 1;
      if (state !== 'released') expect((await release(id)).status).toBe(200);
      expect(await said(talk, id)).toBe(1);
    }
  }
  console.log(`released once: ${counts.before} before a kill, ${counts.after} after it; none twice, none lost`);
}, 300_000);

test('a server killed in the middle of a reply is noticed by the other within 10 s', async () => {
  const otherPort = await freePort();
  const other = await launch(otherPort);
  try {
    const persona = await insist<{ id: string }>('POST', '/api/v1/personas', {
      name: 'Mira',
      role: 'coach',
      instructions: 'Listen.',
    });
    await insist('POST', `/api/v1/personas/${persona.id}/publish`);
    const talk = await open(persona.id);
    await insist('POST', `/api/v1/sessions/${talk.id}/messages`, { text: 'go' }, talk.headers);
    await pause(400);
    await kill();
    const killedAt = performance.now();
    let end: string | undefined;
    while (!end && performance.now() - killedAt < 10_000) {
      const response = await fetch(`http://127.0.0.1:${otherPort}/api/v1/rooms/${talk.roomId}/events`, {
        headers: talk.headers,
      });
      end = ((await response.json()) as Page).events.find((e) => ends.has(e.type))?.type;
      await pause(50);
    }
    expect(end).toMatch(/^reply\.(interrupted|completed)$/);
    console.log(`noticed after ${Math.round(performance.now() - killedAt)} ms: ${end}`);
  } finally {
    other.kill('SIGTERM');
    await new Promise((resolve) => other.once('exit', resolve));
    await startServer();
  }
}, 60_000);
