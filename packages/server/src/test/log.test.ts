import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startApp, type RunningApp } from '../app.ts';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from './app.ts';
import { sendRaw } from './raw.ts';
import { startUpstream, type Upstream } from './upstream.ts';
import { createLogger } from '../platform/logger.ts';

const mark = randomBytes(4).toString('hex');
let count = 0;
/** A secret or a text of its own for every place, so that a leak tells where it comes from. */
const canary = (place: string) => `Zq${place}${mark}x${(count += 1)}`;

let app: TestApp;
let server: RunningApp;
let upstream: Upstream;
let session: TestSession;
const lines: string[] = [];
const used: string[] = [];
const place = (name: string): string => {
  const one = canary(name);
  used.push(one);
  return one;
};

beforeAll(async () => {
  upstream = await startUpstream();
  app = await startTestApp({ upstream: { url: upstream.url, model: 'words-5' } });
  session = await makeSession(app, await makePersona(app));
  const logTo = { write: (line: string) => void lines.push(line) };
  server = await startApp({ config: { ...app.config, logLevel: 'trace' }, database: app.database, logTo });
});
afterAll(async () => {
  await server.close();
  await app.close();
  await upstream.close();
});

const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: text }),
  });
  await answer.text();
  return answer.status;
};
/** Says something to the persona and waits for what comes of it. */
const reply = async (text: string) => {
  await send('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client);
  await vi.waitFor(
    async () => {
      const { body } = await app.json('GET', `/api/v1/sessions/${session.id}/replies`);
      expect(body.items[0].status).not.toBe('running');
    },
    { timeout: 10_000, interval: 50 },
  );
};
const leaks = () => used.filter((one) => lines.some((line) => line.includes(one)));

test('what is asked, in every place of a request, stays out of the log', async () => {
  const secret = {
    authorization: `Bearer ${place('bearer')}`,
    cookie: `rapport_session=${place('cookie')}; x=${place('jar')}`,
  };
  expect(await send('GET', `/api/v1/me?token=${place('query')}`, undefined, secret)).toBe(400 + 1);
  expect(await send('GET', `/api/v1/clients/${place('path')}?q=${place('search')}`)).toBe(400);
  expect(await send('GET', `/${place('page')}`)).toBe(404);
  expect(await send('POST', `/api/v1/invitations/${place('invitation')}/accept`, { alias: place('alias') })).toBe(410);
  expect(await send('POST', '/api/v1/sign-in', { name: place('name'), password: place('password') })).toBe(401);
  expect(await send('POST', '/api/v1/clients', `{"name": ${place('broken')}`)).toBe(400);
  expect(await send('POST', '/api/v1/clients', { [place('field')]: place('value') })).toBe(400);
  expect(
    await send(
      'POST',
      '/api/v1/clients',
      { name: 'x' },
      { 'idempotency-key': place('key'), 'x-other': place('header') },
    ),
  ).toBe(201);
  expect(await send('POST', '/api/v1/clients', place('text'), { 'content-type': 'text/plain' })).toBe(415);
  await sendRaw(server.port, [`GET /${place('raw')} NONSENSE\r\nX: ${place('rawheader')}\r\n\r\n`]);
  await sendRaw(server.port, [`GET /%zz${place('badurl')} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`]);
  expect(leaks()).toEqual([]);
});

test('what is said, known and configured stays out of the log, also where a provider fails', async () => {
  await send('POST', '/api/v1/clients', { name: place('client'), about: place('about') });
  await send('POST', '/api/v1/personas', { name: 'P', role: place('role'), instructions: place('instructions') });
  await send('POST', `/api/v1/sessions/${session.id}/guidance`, { text: place('guidance') });
  for (const act of ['echo', 'fault-401', 'fault-400', 'fault-html', 'fault-malformed'])
    await reply(`${place('said')} [play ${act}]`);
  const provider = {
    kind: 'openai',
    baseUrl: `http://127.0.0.1:9/${place('address')}`,
    model: place('model'),
    apiKey: place('apikey'),
  };
  await send('POST', '/api/v1/providers/test', provider);
  await send('POST', '/api/v1/providers', provider);
  await send('POST', '/api/v1/providers/test', { ...provider, baseUrl: `http://u:${place('userinfo')}@127.0.0.1:9/` });
  expect(leaks()).toEqual([]);
});

test('an error inside, with content in what the database says, leaves only its kind and place', async () => {
  // A database that repeats what it was given, in its message, its detail and its hint.
  await app.db.everywhere.exec(`create function refuse() returns trigger language plpgsql as $$
    begin raise exception 'cannot take % ', new.name using detail = new.name, hint = new.name, errcode = 'P0001'; end $$`);
  await app.db.everywhere.exec('create trigger refuse before insert on client for each row execute function refuse()');
  const before = lines.length;
  expect(await send('POST', '/api/v1/clients', { name: place('row') })).toBe(500);
  const logged = lines.slice(before).find((line) => line.includes('"level":50'));
  expect(logged).toContain('P0001');
  expect(logged).toContain('/api/v1/clients');
  expect(logged).toMatch(/service\.ts|db\.ts/);
  expect(leaks()).toEqual([]);
});

test('live frames stay out of the log', async () => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/live?token=${place('socketquery')}`);
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ t: 'hello', token: session.client.authorization.slice(7) }));
  socket.send(JSON.stringify({ t: 'pub', room: session.roomId, mid: crypto.randomUUID(), text: place('frame') }));
  socket.send(`{"t":"pub","text":"${place('badframe')}`);
  await new Promise((resolve) => socket.once('close', resolve));
  expect(leaks()).toEqual([]);
});

test('what an error quotes is left out, what it names stays', () => {
  const said: string[] = [];
  const log = createLogger('info', { write: (line: string) => void said.push(line) });
  const id = '01234567-89ab-4cde-8f01-23456789abcd';
  const quoting = [
    new SyntaxError('Unexpected token \'C\', "CANARY 1" is not valid JSON'),
    new Error('read from https://user:CANARY@example.org failed'),
    new Error('token CANARYCANARYCANARYCANARYCANARY is not known'),
    new Error('outer', { cause: new Error('inner "CANARY"') }),
  ];
  for (const error of quoting) log.error({ err: error, id }, 'failed');
  log.warn({ err: 'invalid input syntax for type uuid: "CANARY"', reply: id }, 'failed');
  expect(said.join('')).not.toContain('CANARY');
  expect(said.length).toBe(5);
  for (const line of said) expect(line).toContain(id);
  expect(said[1]).toContain('example.org');
  expect(said[0]).toContain('log.test.ts');
});

test('the failures above were logged at all', () => {
  expect(lines.filter((line) => line.includes('reply failed')).length).toBe(4);
});
