import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOutgoing } from '../../platform/net/outgoing.ts';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { putFake, writeNpm } from '../../test/gguf/library.ts';
import { bases, makeBase } from '../../test/knowledge.ts';
import { createProviderService } from './providers.service.ts';

const canary = 'sk-canary-5e7a1b';

let upstream: Server;
let baseUrl: string;
let calls: { path: string; authorization: string | undefined }[];
let app: TestApp;
let orgId: string;

/** An OpenAI-compatible server that knows one key. */
beforeAll(async () => {
  upstream = createServer((request, response) => {
    const { authorization } = request.headers;
    calls.push({ path: request.url ?? '', authorization });
    request.resume();
    if (authorization !== `Bearer ${canary}`) {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${authorization}` } }));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const chunk = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    response.end(`${chunk({ role: 'assistant', content: 'OK' }, null)}${chunk({}, 'stop')}data: [DONE]\n\n`);
  });
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`;
});
afterAll(() => {
  upstream.closeAllConnections();
  upstream.close();
});
beforeEach(async () => {
  calls = [];
  app = await startTestApp();
  orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
});
afterEach(() => app.close());

const settings = (more: object = {}) => ({ kind: 'openai', baseUrl, model: 'small', apiKey: canary, ...more });
const add = (more: object = {}) => app.json('POST', '/api/v1/providers', settings(more));
const outgoing = createOutgoing({ loopback: true, exceptions: [] });
const service = () => createProviderService({ db: app.db, audit: app.audit, config: app.config, outgoing });
const stored = async () => (await app.db.everywhere.one<{ n: number }>('select count(*) as n from provider')).n;

test('a provider is tried with one real call before it is stored', async () => {
  const added = await add();
  expect(added.status).toBe(201);
  expect(added.body).toMatchObject({ kind: 'openai', baseUrl, model: 'small', hasKey: true, isDefault: true });
  expect(calls).toEqual([{ path: '/v1/chat/completions', authorization: `Bearer ${canary}` }]);
});

test('a provider that fails its call is not stored, and the answer says what to check', async () => {
  for (const more of [{ apiKey: 'wrong' }, { baseUrl: 'http://127.0.0.1:9/v1' }]) {
    const refused = await add(more);
    expect([refused.status, refused.body.code]).toEqual([422, 'provider-failed']);
    expect(refused.body.detail.length).toBeGreaterThan(10);
    expect(refused.body.detail).not.toContain('wrong');
  }
  expect(await stored()).toBe(0);
});

test('a key is in no answer and not readable in the database', async () => {
  const added = await add();
  const answers = [
    added,
    await app.json('GET', '/api/v1/providers'),
    await app.json('POST', '/api/v1/providers/test', settings()),
    await app.json('POST', '/api/v1/providers/test', settings({ baseUrl: `${baseUrl}/nowhere`, apiKey: `${canary}x` })),
    await app.json('POST', '/api/v1/providers', settings({ apiKey: `${canary}x` })),
    await app.json('POST', '/api/v1/providers', settings({ apiKey: canary, model: undefined })),
    await app.json('POST', `/api/v1/providers/${added.body.id}/default`),
    await app.json('GET', '/api/v1/me'),
  ];
  expect(JSON.stringify(answers.map((a) => [a.body, [...a.headers]]))).not.toContain(canary);
  const { api_key: sealed } = await app.db.everywhere.one<{ api_key: Buffer }>('select api_key from provider');
  expect(sealed.toString('latin1')).not.toContain(canary);
});

test('a sealed key that was copied to another provider does not open there', async () => {
  const { body: one } = await add();
  const { body: two } = await add();
  await app.db.everywhere.exec(
    'update provider set api_key = (select api_key from provider where id = $1) where id = $2',
    [one.id, two.id],
  );
  await expect(service().engineFor(orgId, two.id, null)).rejects.toMatchObject({ code: 'provider-failed' });
});

test('an address that carries a key, or a provider without a model, is refused by field', async () => {
  const inAddress = await add({ baseUrl: baseUrl.replace('//', `//user:${canary}@`) });
  expect([inAddress.status, inAddress.body.errors[0].pointer]).toEqual([400, '/baseUrl']);
  const noModel = await add({ model: undefined });
  expect([noModel.status, noModel.body.errors[0].pointer]).toEqual([400, '/model']);
  expect(calls).toEqual([]);
});

test('trying settings stores nothing and tells what failed', async () => {
  expect((await app.json('POST', '/api/v1/providers/test', settings())).body).toMatchObject({ ok: true, fault: null });
  const failed = (await app.json('POST', '/api/v1/providers/test', settings({ apiKey: 'wrong' }))).body;
  expect(failed.ok).toBe(false);
  expect(failed.fault).toMatch(/\w/);
  expect(failed.message).toMatch(/key/i);
  expect(await stored()).toBe(0);
});

test('the reference engine needs no call, and a GGUF provider needs its file', async () => {
  const reference = await app.json('POST', '/api/v1/providers', { kind: 'reference' });
  expect(reference.body).toMatchObject({ kind: 'reference', hasKey: false, model: null });
  const missing = await app.json('POST', '/api/v1/providers', {
    kind: 'gguf',
    model: join(app.config.dataDir, 'none.gguf'),
  });
  expect([missing.status, missing.body.code]).toEqual([422, 'provider-failed']);
  expect(calls).toEqual([]);
});

test('one provider is the default: the last one made so, however many choose at once', async () => {
  const made = [await add({ label: 'A' }), await add({ label: 'B' }), await add({ label: 'C', makeDefault: false })];
  const defaults = async () =>
    (await app.json('GET', '/api/v1/providers')).body.items.filter((p: { isDefault: boolean }) => p.isDefault);
  expect(await defaults()).toMatchObject([{ label: 'B' }]);
  const chosen = await Promise.all(made.map((m) => app.json('POST', `/api/v1/providers/${m.body.id}/default`)));
  expect(chosen.map((c) => c.status)).toEqual([200, 200, 200]);
  expect(await defaults()).toHaveLength(1);
});

test('a persona’s provider answers before the default, the default before the reference engine', async () => {
  expect(await service().engineFor(orgId, null, null)).toMatchObject({ engine: null, name: { id: 'reference' } });
  const { body: one } = await add({ label: 'One', model: 'm1' });
  const { body: two } = await add({ label: 'Two', model: 'm2' });
  expect((await service().engineFor(orgId, null, null)).name).toEqual({ id: two.id, label: 'Two', model: 'm2' });
  expect((await service().engineFor(orgId, one.id, 'other')).name).toEqual({
    id: one.id,
    label: 'One',
    model: 'other',
  });
});

test('a GGUF file is named without its folder, and a persona cannot point elsewhere', async () => {
  const file = join(app.config.dataDir, 'tiny.gguf');
  const id = randomUUID();
  await app.db.everywhere.exec(
    `insert into provider (org_id, id, kind, label, model) values ($1, $2, 'gguf', 'Here', $3)`,
    [orgId, id, file],
  );
  const choice = await service().engineFor(orgId, id, '/etc/passwd');
  expect([choice.model, choice.name.model]).toEqual([file, 'tiny.gguf']);
});

test('an engine is made once per version of its provider', async () => {
  const { body } = await add();
  const providers = service();
  const { engine } = await providers.engineFor(orgId, null, null);
  expect((await providers.engineFor(orgId, body.id, 'other')).engine).toBe(engine);
  await app.db.everywhere.exec(`update provider set model = 'next' where id = $1`, [body.id]);
  // What another server changed holds here within a second.
  providers.forgetProviders();
  const next = await providers.engineFor(orgId, null, null);
  expect(next.engine).not.toBe(engine);
  expect(next.model).toBe('next');
});

test('a removed provider loses its key, and what is said is not sent to another one instead', async () => {
  const { body } = await add();
  await add({ label: 'Other' });
  expect((await app.json('DELETE', `/api/v1/providers/${body.id}`)).status).toBe(200);
  const row = await app.db.everywhere.one<{ api_key: Buffer | null }>('select api_key from provider where id = $1', [
    body.id,
  ]);
  expect(row.api_key).toBeNull();
  await expect(service().engineFor(orgId, body.id, null)).rejects.toMatchObject({ code: 'provider-failed' });
  expect((await app.json('DELETE', `/api/v1/providers/${body.id}`)).status).toBe(404);
  expect((await app.json('POST', `/api/v1/providers/${body.id}/default`)).status).toBe(404);
});

test('a provider of another organisation answers like an unknown one', async () => {
  const { body } = await add();
  const stranger = randomUUID();
  await expect(service().engineFor(stranger, body.id, null)).rejects.toMatchObject({ code: 'provider-failed' });
  expect(await service().engineFor(stranger, null, null)).toMatchObject({ engine: null });
});

test('the preset’s key goes to the preset’s address alone and is not in the database', async () => {
  const preset = { baseUrl, apiKey: canary, model: 'small' };
  const other = await startTestApp({ setUp: false, config: { preset } });
  try {
    const { items } = (await other.json('GET', '/api/v1/providers')).body;
    expect(items).toMatchObject([{ hasKey: true, baseUrl }]);
    expect(JSON.stringify(items)).not.toContain(canary);
    const row = await other.db.everywhere.one<{ api_key: Buffer | null }>('select api_key from provider');
    expect(row.api_key).toBeNull();
    await other.db.everywhere.exec(`update provider set base_url = 'http://127.0.0.1:9/v1'`);
    expect((await other.json('GET', '/api/v1/providers')).body.items).toMatchObject([{ hasKey: false }]);
  } finally {
    await other.close();
  }
});

test('a price set by the owner goes before the known one and is what a reply costs', async () => {
  const price = { model: 'small', input: 1_000_000, output: 4_000_000, cached: 100_000 };
  expect((await app.json('PUT', '/api/v1/prices', price)).body).toEqual(price);
  const doubled = { ...price, output: 8_000_000 };
  await app.json('PUT', '/api/v1/prices', doubled);
  const { items } = (await app.json('GET', '/api/v1/prices')).body;
  expect(items.filter((p: { model: string }) => p.model === 'small')).toEqual([doubled]);
  const usage = { inputTokens: 1000, outputTokens: 100, cachedTokens: 400 };
  expect(await service().costOf(orgId, 'small', usage)).toBe(600 + 40 + 800);
  expect(await service().costOf(orgId, 'unheard-of', usage)).toBeNull();
  expect(await service().costOf(orgId, 'small', { ...usage, outputTokens: null })).toBeNull();
});

test('a client finds neither providers nor prices, and after the set-up nobody may probe through it', async () => {
  const { client } = await makeSession(app, await makePersona(app));
  for (const path of ['providers', 'providers/ollama', 'providers/gguf-library', 'prices']) {
    expect((await app.json('GET', `/api/v1/${path}`, undefined, client)).status).toBe(404);
  }
  expect((await app.json('POST', '/api/v1/providers/test', settings(), client)).status).toBe(404);
  for (const path of ['ollama', 'gguf-library'])
    expect((await app.json('GET', `/api/v1/setup/${path}`)).body.code).toBe('already-set-up');
  expect((await app.json('POST', '/api/v1/setup/provider/test', settings())).body.code).toBe('already-set-up');
  const again = { ownerName: 'X', organisation: 'X', provider: settings() };
  expect((await app.json('POST', '/api/v1/setup', again)).body.code).toBe('already-set-up');
  expect(calls).toEqual([]);
});

describe('choosing a GGUF file', () => {
  let folder: string;
  let house: TestApp;
  const gguf = () => ({ kind: 'gguf', model: join(folder, 'words.gguf') });
  const runs = () =>
    existsSync(join(folder, 'npm.mjs.runs'))
      ? readFileSync(join(folder, 'npm.mjs.runs'), 'utf8').trim().split('\n').length
      : 0;
  const state = async (path = 'providers') => (await house.json('GET', `/api/v1/${path}/gguf-library`)).body.state;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rapport-choose-'));
    writeFileSync(join(folder, 'words.gguf'), 'one two three');
    house = await startTestApp({ setUp: false, config: { npm: writeNpm(folder, putFake) } });
  });
  afterEach(async () => {
    await house.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('in the set-up: installs what runs it, and it answers', async () => {
    const setUp = house.json('POST', '/api/v1/setup', { ownerName: 'Olga', organisation: 'House', provider: gguf() });
    await expect.poll(() => state('setup')).toBe('installing');
    expect((await setUp).status).toBe(201);
    expect(await state()).toBe('installed');
    const { id, client } = await makeSession(house, await makePersona(house));
    await house.json('POST', `/api/v1/sessions/${id}/messages`, { text: 'Hello' }, client);
    const last = async () => (await house.json('GET', `/api/v1/sessions/${id}/messages`)).body.items.at(-1);
    await expect
      .poll(last, { timeout: 10_000 })
      .toMatchObject({ author: 'persona', text: expect.stringMatching(/one two three$/) as string });
  });

  test('later: once for two who choose at once, never for a path that is wrong, and only by the owner', async () => {
    await house.json('POST', '/api/v1/setup', { ownerName: 'Olga', organisation: 'House' });
    const { client } = await makeSession(house, await makePersona(house));
    expect((await house.json('POST', '/api/v1/providers', gguf(), client)).status).toBe(404);
    expect((await house.json('POST', '/api/v1/providers', { ...gguf(), model: '/nowhere.gguf' })).status).toBe(422);
    expect([await state(), runs()]).toEqual(['missing', 0]);
    const two = await Promise.all([1, 2].map(() => house.json('POST', '/api/v1/providers', gguf())));
    expect([two.map((t) => t.status), runs()]).toEqual([[201, 201], 1]);
    expect((await house.json('POST', '/api/v1/providers/test', gguf())).body).toMatchObject({ ok: true });
    expect(runs()).toBe(1);
  });

  test('an installation that fails says why and stores nothing; a file that is no model says so', async () => {
    await house.json('POST', '/api/v1/setup', { ownerName: 'Olga', organisation: 'House' });
    writeNpm(folder, `console.error('npm error code ENOTFOUND'); process.exit(1);`);
    const failed = await house.json('POST', '/api/v1/providers', gguf());
    expect([failed.status, failed.body.code]).toEqual([422, 'provider-failed']);
    expect(failed.body.detail).toMatch(/registry cannot be reached/);
    expect(await state()).toBe('failed');
    writeNpm(folder, putFake);
    writeFileSync(join(folder, 'words.gguf'), 'bad');
    expect((await house.json('POST', '/api/v1/providers', gguf())).body.detail).toMatch(/Invalid GGUF magic/);
    expect((await house.json('GET', '/api/v1/providers')).body.items).toEqual([]);
  });

  test('a file that makes embeddings only: passages are found by their meaning, and it is not who answers', async () => {
    await house.json('POST', '/api/v1/setup', { ownerName: 'Olga', organisation: 'House' });
    writeFileSync(join(folder, 'meaning.gguf'), 'car sleep dog');
    const settings = { kind: 'gguf', embeddingModel: join(folder, 'meaning.gguf') };
    const added = await house.json('POST', '/api/v1/providers', settings);
    expect(added).toMatchObject({
      status: 201,
      body: { model: null, isDefault: false, processing: { status: 'local' } },
    });
    const base = await makeBase(house);
    await house.json('POST', base.path, { title: 'Walks', text: 'Our dog likes long walks.' });
    const found = async () => {
      const asked = { query: 'dog', explain: true };
      return (await house.json('POST', `${bases}/${base.id}/search`, asked)).body.embeddings;
    };
    await expect.poll(found, { timeout: 30_000 }).toMatchObject({ used: true, model: 'meaning.gguf' });
    const absent = { model: '/nowhere.gguf' };
    const refused = await house.json('PUT', `/api/v1/providers/${added.body.id}/embedding`, absent);
    expect([refused.status, refused.body.detail]).toEqual([422, 'Embeddings: There is no readable file at this path.']);
  });

  test('a server whose organisation uses one brings the library when it starts', async () => {
    await house.json('POST', '/api/v1/setup', { ownerName: 'Olga', organisation: 'House', provider: gguf() });
    rmSync(join(house.config.dataDir, 'engines'), { recursive: true });
    const other = await house.second();
    await expect
      .poll(async () => (await other.json('GET', '/api/v1/providers/gguf-library')).body.state, { timeout: 5000 })
      .toBe('installed');
    await other.close();
  });
});
