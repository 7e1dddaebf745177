import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../config/config.ts';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { readBySocket, types } from '../../test/readers.ts';

let app: TestApp;
let upstream: Server;
/** Everything that reached the upstream, byte for byte. */
let received = '';
let address: string;
/** Such an address is not called otherwise. */
let config: Partial<Config>;

beforeAll(async () => {
  upstream = createServer((request, response) => {
    received += JSON.stringify([request.url, request.headers]);
    request.on('data', (part: Buffer) => (received += part.toString('latin1')));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = (delta: object, finish: string | null) =>
        `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
      response.end(`${chunk({ role: 'assistant', content: 'OK' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`);
    });
  });
  await new Promise<void>((done) => upstream.listen(0, done));
  // An address of this machine that does not say so.
  address = `http://0.0.0.0:${(upstream.address() as AddressInfo).port}/v1`;
  config = { allowPrivate: [new URL(address).host] };
  app = await startTestApp({ config });
});
afterAll(async () => {
  await app?.close();
  upstream.closeAllConnections();
  upstream.close();
});

const add = async (more: object = {}) =>
  (await app.json('POST', '/api/v1/providers', { kind: 'openai', baseUrl: address, model: 'm', ...more })).body;
const canary = 'CANARY my sister is called Vera';

/** The types of the events up to the end of a reply, and what failed. */
async function say(text: string) {
  const { body: client } = await app.json('POST', '/api/v1/clients', {
    name: 'CANARY Nadja',
    about: 'CANARY lives alone',
  });
  const session = await makeSession(app, await makePersona(app), { clientId: client.id });
  const reader = await readBySocket(app, session, 'client');
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client);
  await reader.until((s) => types(s).some((t) => /^reply\.(completed|failed)$/.test(t)));
  reader.close();
  return reader.events.at(-1);
}

test('a provider elsewhere gets not one byte of a client before it is approved, and none after it is refused', async () => {
  const provider = await add();
  expect(provider.processing).toEqual({ status: 'unanswered', note: '', agreedOn: null, decidedAt: null });
  const failed = await say(canary);
  expect(failed).toMatchObject({ type: 'reply.failed', data: { fault: 'not-approved' } });
  expect(failed?.data['message']).toMatch(/approved/);
  expect(received).not.toContain('CANARY');

  const decision = { approved: true, note: 'Agreement 12, binder 3', agreedOn: '2026-11-02' };
  const approved = await app.json('PUT', `/api/v1/providers/${provider.id}/processing`, decision);
  expect(approved.body.processing).toMatchObject({ status: 'approved', note: decision.note, agreedOn: '2026-11-02' });
  expect((await say(canary))?.type).toBe('reply.completed');
  expect(received).toContain(canary);

  received = '';
  await app.json('PUT', `/api/v1/providers/${provider.id}/processing`, { approved: false });
  expect((await say(canary))?.type).toBe('reply.failed');
  await app.json('PUT', '/api/v1/providers/approval', { required: false });
  expect((await say(canary))?.type).toBe('reply.failed');
  expect(received).toBe('');
  await app.json('PUT', '/api/v1/providers/approval', { required: true });
});

test('an organisation may work without approvals; who was never asked about then answers', async () => {
  await add();
  expect((await app.json('GET', '/api/v1/providers/approval')).body).toEqual({ required: true });
  expect((await say('one'))?.type).toBe('reply.failed');
  await app.json('PUT', '/api/v1/providers/approval', { required: false });
  expect((await say('two'))?.type).toBe('reply.completed');
  await app.json('PUT', '/api/v1/providers/approval', { required: true });
});

test('what runs on this machine needs no approval', async () => {
  const port = (upstream.address() as AddressInfo).port;
  const local = await add({ baseUrl: `http://127.0.0.1:${port}/v1` });
  expect(local.processing.status).toBe('local');
  expect((await say('three'))?.type).toBe('reply.completed');
  // A name that only begins like this machine’s is another machine.
  const other = await add({ baseUrl: `http://127.0.0.1.example.org:${port}/v1` });
  expect(other.code).toBe('provider-failed');
});

test('the answer can be given with the provider, also in the set-up', async () => {
  const given = await add({ processing: { approved: true, note: 'Agreement 13' } });
  expect(given.processing).toMatchObject({ status: 'approved', note: 'Agreement 13' });
  const fresh = await startTestApp({ setUp: false, config });
  const provider = { kind: 'openai', baseUrl: address, model: 'm', processing: { approved: true } };
  await fresh.json('POST', '/api/v1/setup', { ownerName: 'Olga', organisation: 'House', provider });
  expect((await fresh.json('GET', '/api/v1/providers')).body.items[0].processing.status).toBe('approved');
  await fresh.close();
});

test('a preset elsewhere waits for approval too, and another address asks anew', async () => {
  const preset = { baseUrl: address, apiKey: null, model: 'm' };
  const status = async (one: TestApp) => (await one.json('GET', '/api/v1/providers')).body.items[0].processing.status;
  const fresh = await startTestApp({ setUp: false, config: { ...config, preset } });
  expect(await status(fresh)).toBe('unanswered');
  fresh.config.preset = { ...preset, approved: true };
  const again = await fresh.second();
  expect(await status(again)).toBe('approved');
  await again.close();
  fresh.config.preset = { ...preset, baseUrl: `${address}/moved` };
  const moved = await fresh.second();
  expect(await status(moved)).toBe('unanswered');
  await moved.close();
  await fresh.close();
});
