import { createLive } from '@rapport/sdk/live';
import type { RoomEvent } from '@rapport/protocol/events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  makePersona,
  makeSession,
  startTestApp,
  type TestApp,
  type TestSession,
} from '../packages/server/src/test/app.ts';
import { startUpstream, type Upstream } from '../packages/server/src/test/upstream.ts';
import { startProxy, type Proxy } from './lib/proxy.ts';

const readerCount = 20;
const messageCount = 150;

let upstream: Upstream;
let apps: [TestApp, TestApp];
let proxies: [Proxy, Proxy];
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

beforeAll(async () => {
  upstream = await startUpstream();
  const first = await startTestApp({ upstream: { url: upstream.url, model: 'words-20@20' } });
  apps = [first, await first.second()];
  proxies = [await startProxy(apps[0].port), await startProxy(apps[1].port)];
});
afterAll(async () => {
  for (const proxy of proxies ?? []) await proxy.close();
  await apps?.[1].close();
  await apps?.[0].close();
  await upstream?.close();
});

interface Reader {
  seen: RoomEvent[];
  texts: Map<string, string>;
  gaps: number;
  close(): void;
}

function read(session: TestSession, index: number): Reader {
  const transport = (['auto', 'sse', 'poll', 'socket'] as const)[index % 4] ?? 'auto';
  const live = createLive({
    baseUrl: (proxies[index % 2] as Proxy).url,
    token: () => session.client.authorization.slice(7),
    transport,
  });
  const reader: Reader = { seen: [], texts: new Map(), gaps: 0, close: () => live.close() };
  live.room(session.roomId, {
    onEvent: (event) => reader.seen.push(event),
    onDelta({ replyId, offset, text }) {
      const before = reader.texts.get(replyId) ?? '';
      if (offset !== before.length) reader.gaps += 1;
      reader.texts.set(replyId, before.slice(0, offset) + text);
    },
    onReset: () => {
      throw new Error('the log of this test is never cut');
    },
    onReplyReset: (replyId) => reader.texts.delete(replyId),
    onStatus: () => {},
  });
  return reader;
}

/** Alternately to both servers, past the proxies: what is tested is reading. */
async function write(session: TestSession, n: number): Promise<void> {
  const headers = { ...session.client, 'idempotency-key': `m-${n}` };
  const answer = await (apps[n % 2] as TestApp).json(
    'POST',
    `/api/v1/sessions/${session.id}/messages`,
    { text: `message ${n}` },
    headers,
  );
  expect(answer.status).toBe(202);
}

/** As if every server had lost its wake-up connection. */
const loseWakeUps = () =>
  apps[0].db.everywhere.exec(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'`,
  );

const faults: [string, () => unknown][] = [
  ['resets', () => proxies.forEach((p) => p.reset())],
  ['half-open links', () => proxies[0].freeze()],
  ['lost wake-ups', loseWakeUps],
  ['resets of one server', () => proxies[1].reset()],
  ['an outage', () => proxies.forEach((p) => p.outage())],
  ['the end of the outage', () => proxies.forEach((p) => p.heal())],
  ['one server out of reach', () => proxies[0].outage()],
  ['its clients sent to the other', () => [proxies[0].retarget(apps[1].port), proxies[0].heal()]],
];

test('rooms 1: readers on two servers hold the log event by event, under every fault', async () => {
  const session = await makeSession(apps[0], await makePersona(apps[0]));
  const readers = Array.from({ length: readerCount }, (_, i) => read(session, i));
  const every = Math.floor(messageCount / (faults.length + 1));
  for (let n = 0; n < messageCount; n += 1) {
    await write(session, n);
    await pause(40);
    const fault = n % every === every - 1 ? faults[Math.floor(n / every)] : undefined;
    if (fault) await fault[1]();
    if (fault?.[0] === 'an outage') await pause(2000);
  }
  await pause(2000);
  const page = await apps[1].json(
    'GET',
    `/api/v1/rooms/${session.roomId}/events?limit=1000`,
    undefined,
    session.client,
  );
  const log: RoomEvent[] = page.body.events;
  // A half-open link is noticed after two and a half pings at the latest.
  const deadline = performance.now() + 75_000;
  while (performance.now() < deadline && readers.some((r) => r.seen.length < log.length)) await pause(200);
  let lost = 0;
  let doubled = 0;
  for (const reader of readers) {
    const seqs = reader.seen.map((e) => e.seq);
    lost += log.filter((e) => !seqs.includes(e.seq)).length;
    doubled += seqs.length - new Set(seqs).size;
    expect(seqs).toEqual(log.map((e) => e.seq));
    expect(reader.seen.map((e) => e.data)).toEqual(log.map((e) => e.data));
    expect(reader.gaps).toBe(0);
    reader.close();
  }
  console.log(
    `${readerCount} readers × ${log.length} events on 2 servers: ${lost} lost, ${doubled} doubled, one order`,
  );
}, 180_000);

test('rooms 5: a reply made on one server is read from the other with exactly the same text', async () => {
  const model = { providerId: null, model: 'words-120@20', temperature: null, maxTokens: 512, contextTokens: 8000 };
  const session = await makeSession(apps[0], await makePersona(apps[0], { model }));
  const token = () => session.client.authorization.slice(7);
  const texts = new Map<number, string>();
  const done = apps.map(
    (app, i) =>
      new Promise<string>((resolve) => {
        const live = createLive({ baseUrl: app.url, token });
        live.room(session.roomId, {
          onEvent(event) {
            if (event.type !== 'message.created' || event.data['author'] !== 'persona') return;
            resolve(String(event.data['text']));
            live.close();
          },
          onDelta: ({ offset, text }) => texts.set(i, (texts.get(i) ?? '').slice(0, offset) + text),
          onReset: () => {},
          onReplyReset: () => {},
          onStatus: () => {},
        });
      }),
  );
  await apps[0].json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'go' }, session.client);
  const [here, there] = await Promise.all(done);
  expect(there).toBe(here);
  expect(texts.get(0)).toBe(here);
  expect(texts.get(1)).toBe(here);
});
