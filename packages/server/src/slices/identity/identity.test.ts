import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { startApp, type RunningApp } from '../../app.ts';
import type { Database } from '../../platform/db/db.ts';
import { StartupError } from '../../platform/startupError.ts';
import { makePersona, makeSession, startTestApp, type TestApp, type TestOptions } from '../../test/app.ts';
import { createIdentityService } from './service.ts';

const password = 'correct horse battery';
const setup = { ownerName: 'Olga', organisation: 'Test House' };

const open: { close(): Promise<void> }[] = [];
const start = async (options?: TestOptions): Promise<TestApp> => {
  const app = await startTestApp(options);
  open.push(app);
  return app;
};
afterEach(async () => {
  for (const app of open.splice(0).reverse()) await app.close();
});

/** A server on the same data that takes nobody for the owner without a sign-in. */
async function asServer(app: TestApp): Promise<RunningApp> {
  const server = await startApp({ config: { ...app.config, localMode: false }, database: app.database });
  open.push(server);
  return server;
}

const signIn = (server: RunningApp, body: object) =>
  fetch(`${server.url}/api/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const count = async (db: Database, table: 'org' | 'app_user' | 'provider') =>
  (await db.everywhere.one<{ n: number }>(`select count(*) as n from ${table}`)).n;

function counting(db: Database) {
  const counter = { queries: 0 };
  const counted = <Asked extends (...args: never[]) => unknown>(ask: Asked) =>
    ((...args: Parameters<Asked>) => {
      counter.queries++;
      return ask(...args);
    }) as Asked;
  const { maybe, many } = db.everywhere;
  const everywhere = { ...db.everywhere, maybe: counted(maybe), many: counted(many) };
  return { counter, db: { ...db, everywhere } };
}

const local = { cookies: {}, remoteAddress: '127.0.0.1' };

test('before the set-up a server says that it needs one and knows nobody', async () => {
  const app = await start({ setUp: false });
  const state = await app.json('GET', '/api/v1/setup');
  expect(state.body).toEqual({
    needed: true,
    localMode: true,
    providerPreset: false,
    severalOrganisations: false,
  });
  expect((await app.json('GET', '/api/v1/me')).status).toBe(401);
});

test('the set-up makes the organisation and its owner', async () => {
  const app = await start({ setUp: false });
  const made = await app.json('POST', '/api/v1/setup', setup);
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    kind: 'staff',
    name: 'Olga',
    roles: ['owner'],
    organisation: { name: 'Test House' },
  });
  expect((await app.json('GET', '/api/v1/me')).body).toEqual(made.body);
  expect((await app.json('GET', '/api/v1/setup')).body.needed).toBe(false);
});

test('a server is set up once, however many ask at the same time', async () => {
  const app = await start({ setUp: false });
  const other = await app.second();
  open.push(other);
  const ask = (i: number) => (i % 2 ? app : other).json('POST', '/api/v1/setup', setup);
  // Nobody can finish before everybody has begun: writing waits until the lock goes.
  const asked = await app.db.everywhere.tx(async (tx) => {
    await tx.exec('lock table org in exclusive mode');
    const waiting = [...Array(8).keys()].map(ask);
    await sleep(300);
    return { waiting };
  });
  const answers = await Promise.all(asked.waiting);
  expect(answers.map((a) => a.status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
  expect(answers.find((a) => a.status === 409)?.body.code).toBe('already-set-up');
  expect([await count(app.db, 'org'), await count(app.db, 'app_user')]).toEqual([1, 1]);
});

test('a set-up whose provider does not answer stores nothing', async () => {
  const app = await start({ setUp: false });
  const provider = { kind: 'openai', baseUrl: 'http://127.0.0.1:9/v1', model: 'm' };
  const refused = await app.json('POST', '/api/v1/setup', { ...setup, provider });
  expect([refused.status, refused.body.code]).toEqual([422, 'provider-failed']);
  expect(refused.body.detail).toMatch(/\w/);
  expect(await count(app.db, 'org')).toBe(0);
});

test('the set-up page may try a provider before it submits', async () => {
  const provider = { kind: 'openai', baseUrl: 'http://127.0.0.1:9/v1', model: 'm' };
  const app = await start({ setUp: false });
  const tried = await app.json('POST', '/api/v1/setup/provider/test', provider);
  expect(tried).toMatchObject({ status: 200, body: { ok: false, fault: 'refused-connection' } });
  expect(tried.body.message).toMatch(/Nothing answers at this address/);
  const nameless = await app.json('POST', '/api/v1/setup/provider/test', { kind: 'openai' });
  expect([nameless.status, nameless.body.errors[0].pointer]).toEqual([400, '/model']);
});

test('a set-up with an unknown field, a control character or a short password is refused by name', async () => {
  const app = await start({ setUp: false });
  for (const [more, field] of [
    [{ admin: true }, '/admin'],
    [{ ownerName: 'a\u0001' }, '/ownerName'],
    [{ password: 'short' }, '/password'],
  ] as const) {
    const refused = await app.json('POST', '/api/v1/setup', { ...setup, ...more });
    expect([refused.status, refused.body.errors[0].pointer]).toEqual([400, field]);
  }
});

test('a preset in the environment sets the server up, once, and follows the environment', async () => {
  const preset = { baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'key-canary', model: 'first' };
  const app = await start({ setUp: false, config: { preset } });
  expect((await app.json('GET', '/api/v1/setup')).body).toEqual({
    needed: false,
    localMode: true,
    providerPreset: true,
    severalOrganisations: false,
  });
  expect((await app.json('GET', '/api/v1/me')).body).toMatchObject({
    name: 'Owner',
    organisation: { name: 'My organisation' },
  });
  const config = { ...app.config, preset: { ...preset, model: 'second' } };
  open.push(...(await Promise.all([1, 2].map(() => startApp({ config, database: app.database })))));
  expect([await count(app.db, 'org'), await count(app.db, 'provider')]).toEqual([1, 1]);
  const { body } = await app.json('GET', '/api/v1/providers');
  expect(body.items).toMatchObject([
    { label: 'Preset from environment', model: 'second', hasKey: true, isDefault: true },
  ]);
});

test('the local owner is known without a query, a token by one, however many ask', async () => {
  const app = await start();
  const session = await makeSession(app, await makePersona(app));
  const { counter, db } = counting(app.db);
  const identity = createIdentityService({ db, audit: app.audit, keyring: app.keyring, config: app.config });
  await identity.authenticate(local);
  counter.queries = 0;
  for (let i = 0; i < 20; i++) await identity.authenticate(local);
  expect(counter.queries).toBe(0);
  const client = { ...local, authorization: session.client.authorization };
  const actors = await Promise.all([...Array(20)].map(() => identity.authenticate(client)));
  expect(counter.queries).toBe(1);
  expect(actors[0]).toMatchObject({ kind: 'client', sessionId: session.id, name: 'Robin' });
});

test('a request from another machine, or through a published address, is not the owner', async () => {
  const app = await start();
  const identity = createIdentityService({ db: app.db, audit: app.audit, keyring: app.keyring, config: app.config });
  expect(await identity.authenticate({ cookies: {}, remoteAddress: '10.0.0.7' })).toBeNull();
  const config = { ...app.config, publicUrl: 'https://rapport.example' };
  const published = createIdentityService({ db: app.db, audit: app.audit, keyring: app.keyring, config });
  expect(await published.authenticate(local)).toBeNull();
  await expect(published.requireOwnerPasswordFor(config)).rejects.toThrow(StartupError);
});

test('a server that others can reach does not start before the owner has a password', async () => {
  const app = await start();
  const config = { ...app.config, host: '0.0.0.0', localMode: false };
  const refused = await startApp({ config, database: app.database }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(StartupError);
  expect((refused as StartupError).wayOut).toContain('npm run rapport -- set-password');
  await createIdentityService({ db: app.db, audit: app.audit, keyring: app.keyring, config }).setOwnerPassword(
    password,
  );
  await createIdentityService({ db: app.db, audit: app.audit, keyring: app.keyring, config }).requireOwnerPasswordFor(
    config,
  );
});

test('signing in gives a cookie that scripts and other sites cannot use, until signing out', async () => {
  const app = await start();
  await app.json('PUT', '/api/v1/me/password', { password });
  const server = await asServer(app);
  const me = (cookie: string) => fetch(`${server.url}/api/v1/me`, { headers: { cookie } });
  expect((await me('')).status).toBe(401);
  const signedIn = await signIn(server, { name: 'olga', password });
  expect(signedIn.status).toBe(200);
  const set = signedIn.headers.get('set-cookie') ?? '';
  expect(set).toMatch(/HttpOnly/);
  expect(set).toMatch(/SameSite=Strict/);
  expect(set).toMatch(/Path=\//);
  expect(set).not.toMatch(/Secure/);
  const cookie = set.split(';')[0] ?? '';
  expect((await me(cookie)).status).toBe(200);
  await fetch(`${server.url}/api/v1/sign-out`, { method: 'POST', headers: { cookie } });
  expect((await me(cookie)).status).toBe(401);
});

test('a wrong password and an unknown name are answered alike', async () => {
  const app = await start();
  await app.json('PUT', '/api/v1/me/password', { password });
  const timed = async (name: string) => {
    const from = performance.now();
    const { status, body } = await app.json('POST', '/api/v1/sign-in', { name, password: 'something else' });
    return { status, code: body.code, ms: performance.now() - from };
  };
  const [wrong, unknown] = [await timed('Olga'), await timed('Nobody')];
  expect([wrong.status, wrong.code]).toEqual([401, 'wrong-password']);
  expect([unknown.status, unknown.code]).toEqual([401, 'wrong-password']);
  expect(unknown.ms).toBeGreaterThan(wrong.ms / 3);
});

test('the sixth attempt within a minute has to wait, whichever password it brings', async () => {
  const app = await start();
  await app.json('PUT', '/api/v1/me/password', { password });
  const wrong = () => app.json('POST', '/api/v1/sign-in', { name: 'Olga', password: 'wrong wrong wrong' });
  const failures = await Promise.all([...Array(7)].map(wrong));
  expect(failures.map((f) => f.status).sort()).toEqual([401, 401, 401, 401, 401, 429, 429]);
  const right = await app.json('POST', '/api/v1/sign-in', { name: 'OLGA', password });
  expect([right.status, right.body.code]).toEqual([429, 'rate-limited']);
  expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await app.json('POST', '/api/v1/sign-in', { name: 'Someone', password })).status).toBe(401);
});

test('changing a password needs the present one and ends the other logins', async () => {
  const app = await start();
  await app.json('PUT', '/api/v1/me/password', { password });
  const server = await asServer(app);
  const cookieOf = (response: Response) => (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const [here, there] = [
    cookieOf(await signIn(server, { name: 'Olga', password })),
    cookieOf(await signIn(server, { name: 'Olga', password })),
  ];
  const next = 'another long password';
  const change = (body: object) => app.json('PUT', '/api/v1/me/password', body, { cookie: here });
  expect((await change({ password: next })).status).toBe(401);
  expect((await change({ password: next, current: 'not this one' })).body.code).toBe('wrong-password');
  expect((await change({ password: next, current: password })).status).toBe(200);
  await sleep(1000);
  const me = async (cookie: string) => (await fetch(`${server.url}/api/v1/me`, { headers: { cookie } })).status;
  expect([await me(here), await me(there)]).toEqual([200, 401]);
  expect((await signIn(server, { name: 'Olga', password })).status).toBe(401);
  expect((await signIn(server, { name: 'Olga', password: next })).status).toBe(200);
});

test('a stored password is a salted hash that names its method', async () => {
  const app = await start();
  await app.json('PUT', '/api/v1/me/password', { password });
  const { password_hash: hash } = await app.db.everywhere.one<{ password_hash: string }>(
    "select password as password_hash from login_account where provider_id = 'credential'",
  );
  expect(hash).toMatch(/^(argon2id\$65536\$3\$1|scrypt\$131072\$8\$1)\$[\w-]{22}\$[\w-]{43}$/);
  expect(hash).not.toContain(password);
});

test('the owner renames the organisation and allows titles; a client does not find that', async () => {
  const app = await start();
  const { client } = await makeSession(app, await makePersona(app));
  const changed = await app.json('PATCH', '/api/v1/organisation', { allowTitles: true });
  expect(changed.body.organisation).toMatchObject({ name: 'Test House', allowTitles: true });
  expect((await app.json('PATCH', '/api/v1/organisation', { name: 'Mine' }, client)).status).toBe(404);
  expect((await app.json('GET', '/api/v1/me', undefined, client)).body).toEqual({
    kind: 'client',
    userId: null,
    name: 'Robin',
    organisation: null,
    roles: ['client'],
    permissions: ['signed-in', 'own-record', 'sessions.follow', 'sessions.take-part'],
  });
  expect((await app.json('PUT', '/api/v1/me/password', { password }, client)).status).toBe(404);
});

test('an access token that is not known is refused, never taken for the local owner', async () => {
  const app = await start();
  for (const authorization of ['Bearer nonsense', 'Bearer', 'Basic b2xnYTpw', '']) {
    const { status, body } = await app.json('GET', '/api/v1/me', undefined, { authorization });
    expect([authorization, status, body.code]).toEqual([authorization, 401, 'sign-in-required']);
  }
});
