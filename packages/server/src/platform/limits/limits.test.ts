import fc from 'fast-check';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { makeConfig } from '../../config/config.ts';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { createCounters } from './counters.ts';
import { defaultRules, parseRules, type RateRules } from './rules.ts';

const open: TestApp[] = [];
const start = async (rules: Partial<RateRules>, more: object = {}) => {
  const rateLimits = { when: 'always' as const, rules: { ...defaultRules, ...rules } };
  const app = await startTestApp({ config: { rateLimits, ...more } });
  open.push(app);
  return app;
};
afterEach(async () => {
  for (const app of open.splice(0).reverse()) await app.close();
});
const statuses = async (app: TestApp, times: number, path: string, headers: Record<string, string> = {}) => {
  const all: number[] = [];
  for (let i = 0; i < times; i += 1) all.push((await app.json('GET', path, undefined, headers)).status);
  return all;
};

describe('the counters', () => {
  test('never let more through in any minute than the limit and the share of the minute before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 200 }),
        (limit, gaps) => {
          let now = 1_700_000_000_000;
          const counters = createCounters({ now: () => now });
          const passed: number[] = [];
          for (const gap of gaps) {
            now += gap;
            const wait = counters.take([{ key: 'k', limit }]);
            if (wait === 0) passed.push(now);
            else {
              // Who waits as long as told is let in.
              const later = createCountersLike(passed, limit, now + wait);
              expect(later).toBe(true);
            }
            const inMinute = passed.filter((at) => Math.floor(at / 60_000) === Math.floor(now / 60_000));
            expect(inMinute.length).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('count for all or for none', () => {
    const counters = createCounters({ now: () => 1_700_000_000_000 });
    const narrow = { key: 'narrow', limit: 1 };
    const wide = { key: 'wide', limit: 2 };
    expect(counters.take([narrow, wide])).toBe(0);
    expect(counters.take([narrow, wide])).toBeGreaterThan(0);
    expect(counters.take([wide])).toBe(0);
    expect(counters.take([wide])).toBeGreaterThan(0);
    counters.giveBack('wide');
    expect(counters.take([wide])).toBe(0);
  });

  test('stay few however many addresses come', () => {
    const counters = createCounters({ now: () => 1_700_000_000_000 });
    for (let i = 0; i < 120_000; i += 1) counters.take([{ key: `a${i}`, limit: 5 }]);
    expect(counters.size()).toBe(100_000);
  });
});

/** Whether a counter that let in what is in `passed` lets one more in at `at`. */
function createCountersLike(passed: number[], limit: number, at: number): boolean {
  let now = 0;
  const counters = createCounters({ now: () => now });
  for (const one of passed) {
    now = one;
    counters.take([{ key: 'k', limit }]);
  }
  now = Math.ceil(at);
  return counters.take([{ key: 'k', limit }]) === 0;
}

describe('requests', () => {
  test('are limited by who asks, one apart from another, reads apart from writes', async () => {
    const app = await start({ read: { actor: 20 } });
    const session = await makeSession(app, await makePersona(app));
    expect(await statuses(app, 21, '/api/v1/me')).toEqual([...Array<number>(20).fill(200), 429]);
    const refused = await app.json('GET', '/api/v1/personas');
    expect([refused.status, refused.body.code]).toEqual([429, 'rate-limited']);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect(refused.body.detail).toMatch(/Too many requests under this sign-in\. Try again in \d+ seconds?\./);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(120);
    expect((await app.json('GET', '/api/v1/me', undefined, session.client)).status).toBe(200);
    expect((await app.json('POST', '/api/v1/clients', { name: 'Ann' })).status).toBe(201);
    expect((await app.json('GET', '/healthz')).status).toBe(200);
  });

  test('are limited by organisation, however many sign in', async () => {
    const app = await start({ read: { organisation: 10 } });
    const session = await makeSession(app, await makePersona(app));
    const mixed: number[] = [];
    for (let i = 0; i < 6; i += 1)
      mixed.push(...(await statuses(app, 1, '/api/v1/me')), ...(await statuses(app, 1, '/api/v1/me', session.client)));
    expect(mixed).toEqual([...Array<number>(10).fill(200), 429, 429]);
  });

  test('are limited by address before anybody is asked who it is', async () => {
    const app = await start({ read: { address: 5 }, credentials: { address: 4 }, page: { address: 3 } });
    const wrong = { authorization: 'Bearer nobody' };
    expect(await statuses(app, 6, '/api/v1/me', wrong)).toEqual([401, 401, 401, 401, 401, 429]);
    const tries = await Promise.all(
      [...Array(5)].map((_, i) => app.json('POST', '/api/v1/sign-in', { name: `n${i}`, password: 'x' })),
    );
    // The set-up of this test was one of the four.
    expect(tries.map((one) => one.status).sort()).toEqual([401, 401, 401, 429, 429]);
    expect(await statuses(app, 4, '/no/such/page')).toEqual([404, 404, 404, 429]);
  });

  test('behind a proxy count for the address that a trusted proxy names, and for no other', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const app = await start({ read: { address: 2 } });
    expect(await statuses(app, 2, '/api/v1/me', from('203.0.113.1'))).toEqual([200, 200]);
    expect(await statuses(app, 1, '/api/v1/me', from('203.0.113.2'))).toEqual([429]);
    const behind = await start({ open: { address: 3 } }, { trustProxy: ['127.0.0.0/8'] });
    const setup = (address: string, times: number) => statuses(behind, times, '/api/v1/setup', from(address));
    expect(await setup('203.0.113.1', 4)).toEqual([200, 200, 200, 429]);
    expect(await setup('203.0.113.2', 1)).toEqual([200]);
    // What a client writes in front of the proxy's word is not believed.
    expect(await setup('198.51.100.1, 203.0.113.1', 1)).toEqual([429]);
    // A customer has a whole /64 of IPv6.
    expect(await setup('2001:db8:1:2::1', 2)).toEqual([200, 200]);
    expect(await setup('2001:db8:1:2:ffff::9', 2)).toEqual([200, 429]);
    // A trusted proxy's client is not this machine: nobody is the owner without a sign-in.
    expect(await statuses(behind, 1, '/api/v1/me', from('203.0.113.9'))).toEqual([401]);
  });

  test('of this machine’s owner are not limited unless limits were asked for', async () => {
    const app = await startTestApp({
      config: { rateLimits: { when: 'beyond-loopback', rules: parseRules('read.actor=1')! } },
    });
    open.push(app);
    expect(new Set(await statuses(app, 20, '/api/v1/me'))).toEqual(new Set([200]));
  });

  test('are counted together by servers on one database', async () => {
    const app = await start({ read: { actor: 30 } });
    const other = await app.second();
    open.push(other);
    const both = async (times: number) => {
      const all = [...(await statuses(app, times, '/api/v1/me')), ...(await statuses(other, times, '/api/v1/me'))];
      return all.filter((status) => status === 200).length;
    };
    // Nobody knows of the other for the first two seconds.
    await vi.waitFor(
      async () => {
        await app.json('GET', '/api/v1/me');
        expect(await app.db.everywhere.many('select * from rate_count')).not.toEqual([]);
      },
      { timeout: 8000, interval: 100 },
    );
    const passed = await both(30);
    expect(passed).toBeLessThanOrEqual(60);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await both(5)).toBe(0);
    const [row] = await app.db.everywhere.many<{ bucket: Buffer }>('select bucket from rate_count');
    expect(row?.bucket.length).toBe(16);
  });
});

test('messages over the live socket are limited like those over HTTP, and none is lost on the way', async () => {
  const app = await start({ reply: { actor: 3 } });
  const session = await makeSession(app, await makePersona(app));
  const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/live`);
  const frames: { t: string; code?: string; mid?: string }[] = [];
  socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString())));
  await new Promise((resolve) => socket.once('open', resolve));
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  send({ t: 'hello', token: session.client.authorization.slice(7) });
  for (let i = 0; i < 5; i += 1)
    send({ t: 'pub', room: session.roomId, mid: `00000000-0000-4000-8000-00000000000${i}`, text: `m${i}` });
  await vi.waitFor(() => expect(frames.filter(({ t }) => t === 'ack' || t === 'nack').length).toBe(5), 5000);
  expect(frames.filter(({ t }) => t === 'ack').length).toBe(3);
  expect(frames.filter(({ t }) => t === 'nack').map(({ code }) => code)).toEqual(['rate-limited', 'rate-limited']);
  const http = await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'x' }, session.client);
  expect(http.status).toBe(429);
  const { body } = await app.json('GET', `/api/v1/sessions/${session.id}/messages`);
  const said = body.items.filter((m: { author: string }) => m.author === 'client').map((m: { text: string }) => m.text);
  expect(said).toEqual(['m0', 'm1', 'm2']);
  socket.close();
});

test('opening live sockets is limited by address', async () => {
  const app = await start({ live: { address: 2 } });
  const opened = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise((resolve) => {
          const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/live`);
          socket.on('error', () => {});
          socket.once('open', () => resolve(101));
          socket.once('unexpected-response', (_, answer) =>
            resolve([answer.statusCode, answer.headers['retry-after']]),
          );
        }),
    ),
  );
  expect(opened.filter((one) => one === 101).length).toBe(2);
  expect(opened.find((one) => one !== 101)).toEqual([429, expect.stringMatching(/^\d+$/)]);
});

test('limits of the environment are checked by name', () => {
  const { rateLimits } = makeConfig({ RAPPORT_RATE_LIMITS: 'read.actor=7, credentials.address = 3' });
  expect(rateLimits).toMatchObject({ when: 'always', rules: { read: { actor: 7 }, credentials: { address: 3 } } });
  expect(makeConfig({ RAPPORT_RATE_LIMITS: 'off' }).rateLimits.when).toBe('off');
  for (const bad of [
    'reads.actor=1',
    'read.nobody=1',
    'read.actor=0',
    'read.actor',
    'read.actor=1;',
    '__proto__.actor=1',
  ])
    expect(() => makeConfig({ RAPPORT_RATE_LIMITS: bad }), bad).toThrow(/RAPPORT_RATE_LIMITS/);
});
