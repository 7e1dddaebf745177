import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';

let app: TestApp;
let session: TestSession;
let personaId: string;
beforeEach(async () => {
  app = await startTestApp();
  personaId = await makePersona(app);
  session = await makeSession(app, personaId);
});
afterEach(() => app.close());

const post = (path: string, body: unknown, key: string, headers: Record<string, string> = {}, at = app) =>
  at.json('POST', `/api/v1/${path}`, body, { ...headers, 'idempotency-key': key });
const total = async (table: string) =>
  (await app.db.everywhere.one<{ n: number }>(`select count(*) as n from ${table}`)).n;
const persona = { name: 'Nora', role: 'coach', instructions: 'Listen.' };

test('a repetition gets the same answer, and nothing is done twice: whatever creates or acts', async () => {
  const { body: base } = await post('knowledge-bases', { name: 'Base' }, 'base');
  const requests: [path: string, body: unknown, table: string][] = [
    ['personas', persona, 'persona'],
    [`personas/${personaId}/publish`, undefined, 'persona_version'],
    ['clients', { name: 'Sam' }, 'client'],
    ['knowledge-bases', { name: 'Other' }, 'knowledge_base'],
    [`knowledge-bases/${base.id}/documents`, { title: 'T', text: 'One. Two.' }, 'document'],
    ['sessions', { personaId }, 'session'],
    [`sessions/${session.id}/invitations`, {}, 'invitation'],
    [`sessions/${session.id}/guidance`, { text: 'Ask.' }, 'guidance'],
    [`sessions/${session.id}/pause`, undefined, 'event'],
    [`sessions/${session.id}/resume`, undefined, 'event'],
    [`sessions/${session.id}/takeover`, undefined, 'event'],
    [`sessions/${session.id}/handback`, undefined, 'event'],
    ['providers', { kind: 'reference' }, 'provider'],
    [`sessions/${session.id}/end`, undefined, 'event'],
  ];
  for (const [path, body, table] of requests) {
    const first = await post(path, body, 'once');
    expect(first.status, path).toBeLessThan(300);
    const before = await total(table);
    const again = await post(path, body, 'once');
    expect([path, again.status, again.body]).toEqual([path, first.status, first.body]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(await total(table), path).toBe(before);
  }
});

test('an answer without a body is repeated as one', async () => {
  const { body } = await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'Hello' }, session.client);
  const stop = () => post(`sessions/${session.id}/replies/${body.replyId}/stop`, undefined, 'stop');
  expect([(await stop()).status, await stop()]).toMatchObject([204, { status: 204, body: '' }]);
});

test('of many at the same time, on two servers, one is carried out', async () => {
  const other = await app.second();
  try {
    const before = await total('client');
    const all = await Promise.all(
      Array.from({ length: 12 }, (_, i) => post('clients', { name: 'Sam' }, 'race', {}, i % 2 ? other : app)),
    );
    expect(await total('client')).toBe(before + 1);
    const done = all.filter((a) => a.status === 201);
    expect(done.length).toBeGreaterThan(0);
    expect(new Set(done.map((a) => a.body.id)).size).toBe(1);
    for (const one of all.filter((a) => a.status !== 201)) {
      expect([one.status, one.body.code, one.headers.get('retry-after')]).toEqual([409, 'request-running', '1']);
    }
    expect((await post('clients', { name: 'Sam' }, 'race', {}, other)).body).toEqual(done[0]?.body);
  } finally {
    await other.close();
  }
});

test('another body is refused; another order of its fields is the same body', async () => {
  const first = await post('personas', persona, 'k');
  const other = await post('personas', { ...persona, name: 'Ada' }, 'k');
  expect([other.status, other.body.code]).toEqual([422, 'idempotency-mismatch']);
  expect(other.headers.get('content-type')).toContain('application/problem+json');
  const { name, role, instructions } = persona;
  expect((await post('personas', { instructions, role, name }, 'k')).body).toEqual(first.body);
});

test('another address, actor or organisation has keys of its own', async () => {
  expect((await post('clients', { name: 'Sam' }, 'k')).status).toBe(201);
  expect((await post('knowledge-bases', { name: 'Sam' }, 'k')).status).toBe(201);
  const second = await makeSession(app, personaId);
  const ends = [session.id, second.id].map((id) => post(`sessions/${id}/pause`, undefined, 'same'));
  expect((await Promise.all(ends)).map((a) => a.body.id)).toEqual([session.id, second.id]);

  const mine = await post(`sessions/${session.id}/resume`, undefined, 'r');
  const theirs = await post(`sessions/${session.id}/resume`, undefined, 'r', session.client);
  expect([mine.status, theirs.status]).toEqual([200, 404]);
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'Hi' }, session.client);
  const again = () => app.json('GET', `/api/v1/sessions/${session.id}/replies`);
  await expect.poll(async () => (await again()).body.items[0]?.status).toBe('completed');
  const asStaff = await post(`sessions/${session.id}/regenerate`, undefined, 'g');
  await expect.poll(async () => (await again()).body.items[0]?.status).toBe('completed');
  const asClient = await post(`sessions/${session.id}/regenerate`, undefined, 'g', session.client);
  expect([asStaff.status, asClient.status]).toEqual([202, 202]);
  expect(asClient.body.replyId).not.toBe(asStaff.body.replyId);

  const org = randomUUID();
  await app.db.everywhere.exec(`insert into org (id, name) values ($1, 'Other')`, [org]);
  await app.db.everywhere.exec('update idempotency set org_id = $1', [org]);
  const before = await total('client');
  expect((await post('clients', { name: 'Sam' }, 'k')).headers.get('idempotency-replayed')).toBeNull();
  expect(await total('client')).toBe(before + 1);
});

test('a key is 1 to 200 visible characters', async () => {
  for (const key of ['', 'x'.repeat(201), 'x'.repeat(9000), 'two words', 'ü']) {
    const { status, body } = await post('clients', { name: 'Sam' }, key);
    expect([key.length, status, body.code]).toEqual([key.length, 400, 'invalid-body']);
    expect(body.errors[0].pointer).toBe('/headers/idempotency-key');
  }
  expect((await post('clients', { name: 'Sam' }, 'x'.repeat(200))).status).toBe(201);
});

test('an answer that refuses is not kept: mended, the same request is carried out', async () => {
  const draft = (await app.json('POST', '/api/v1/personas', persona)).body.id;
  const start = () => post('sessions', { personaId: draft }, 'start');
  expect((await start()).body.code).toBe('not-published');
  await app.json('POST', `/api/v1/personas/${draft}/publish`);
  expect((await start()).status).toBe(201);
  expect((await post('clients', {}, 'v')).status).toBe(400);
  expect((await post('clients', { name: 'Sam' }, 'v')).status).toBe(201);
});

test('a failure of the server is not kept', async () => {
  await app.db.everywhere.exec('alter table client rename to gone');
  expect((await post('clients', { name: 'Sam' }, 'f')).status).toBe(500);
  await app.db.everywhere.exec('alter table gone rename to client');
  expect((await post('clients', { name: 'Sam' }, 'f')).status).toBe(201);
});

test('who hung up before the answer gets it by asking again', async () => {
  const body = JSON.stringify({ name: 'Sam' });
  const before = await total('client');
  const socket = connect(app.port, '127.0.0.1');
  const head = ['POST /api/v1/clients HTTP/1.1', `host: 127.0.0.1:${app.port}`, 'content-type: application/json'];
  socket.write([...head, 'idempotency-key: hang', `content-length: ${body.length}`, '', body].join('\r\n'));
  await expect.poll(() => total('idempotency')).toBe(1);
  socket.destroy();
  await expect.poll(async () => (await post('clients', { name: 'Sam' }, 'hang')).status).toBe(201);
  expect(await total('client')).toBe(before + 1);
});

test('a request whose server died is held until its lease ends, then carried out by who repeats it', async () => {
  await post('clients', { name: 'Sam' }, 'd');
  await app.db.everywhere.exec('update idempotency set status = null, answer = null');
  expect((await post('clients', { name: 'Sam' }, 'd')).body.code).toBe('request-running');
  await app.db.everywhere.exec(`update idempotency set lease_until = now() - interval '1 second'`);
  expect((await post('clients', { name: 'Ada' }, 'd')).body.code).toBe('idempotency-mismatch');
  expect((await post('clients', { name: 'Sam' }, 'd')).status).toBe(201);
});

test('after a day a key is free, and its answer is gone', async () => {
  const first = await post('clients', { name: 'Sam' }, 'day');
  await app.db.everywhere.exec(`update idempotency set created_at = now() - interval '25 hours'`);
  const next = await post('clients', { name: 'Ada' }, 'day');
  expect([next.status, next.body.id === first.body.id]).toEqual([201, false]);
  await app.db.everywhere.exec(`update idempotency set created_at = now() - interval '25 hours'`);
  const other = await app.second();
  await post('clients', { name: 'Eve' }, 'next', {}, other);
  await expect.poll(() => total('idempotency')).toBe(1);
  await other.close();
});

test('what an invitation gives out once is not readable in the database', async () => {
  const { body } = await post(`sessions/${session.id}/invitations`, {}, 'i');
  const { answer } = await app.db.everywhere.one<{ answer: Buffer }>('select answer from idempotency');
  expect(answer.toString('latin1')).not.toContain(body.token);
});

test('messages keep their own key, and reads take none', async () => {
  await post(`sessions/${session.id}/messages`, { text: 'Hello' }, 'm', session.client);
  expect(await total('idempotency')).toBe(0);
  const { body: base } = await app.json('POST', '/api/v1/knowledge-bases', { name: 'Base' });
  await post(`knowledge-bases/${base.id}/search`, { query: 'x' }, 's');
  expect(await total('idempotency')).toBe(0);
});
