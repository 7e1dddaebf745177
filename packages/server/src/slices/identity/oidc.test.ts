import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { openJar, type Jar } from '../../test/jar.ts';
import { signInAtProvider, startOidc } from '../../test/oidc.ts';

const email = 'olga@house.example';
const secret = 'client-secret-CANARY';
let app: TestApp;
let oidc: Awaited<ReturnType<typeof startOidc>>;
let provider: { id: string; redirectUrl: string };

beforeAll(async () => {
  oidc = await startOidc({
    olga: { email, email_verified: true },
    stranger: { email: 'stranger@elsewhere.example', email_verified: true },
    impostor: { email: 'vera@other.example', email_verified: true },
  });
  app = await startTestApp();
  await app.db.everywhere.exec('update login set email = $1, email_verified = true', [email]);
  provider = await add();
  oidc.serve({ client_id: 'rapport', client_secret: secret, redirect_uris: [provider.redirectUrl] });
});
afterAll(async () => {
  await app?.close();
  await oidc?.close();
});
beforeEach(() => app.db.everywhere.exec('delete from login_session'));

async function add(more: object = {}) {
  const made = await app.json('POST', '/api/v1/identity-providers', {
    label: 'House accounts',
    issuer: oidc.issuer,
    clientId: 'rapport',
    clientSecret: secret,
    ...more,
  });
  expect([made.status, made.body.hasSecret]).toEqual([201, true]);
  return made.body;
}

/** Goes to the provider and back; returns where the browser ends. */
async function through(jar: Jar, name: string): Promise<string> {
  const begun = await jar.ask('POST', '/api/v1/auth/sign-in/social', { provider: provider.id });
  expect(begun.status).toBe(200);
  const back = await signInAtProvider(begun.body.url, name);
  expect(back.startsWith(provider.redirectUrl)).toBe(true);
  const landed = await jar.ask('GET', back);
  expect(landed.status).toBe(302);
  return landed.headers.get('location') ?? '';
}
const own = async (jar: Jar) => (await jar.ask('GET', '/api/v1/me/sign-in')).body;

test('a member signs in through the organisation’s provider; its secret and tokens are nowhere in clear', async () => {
  const options = await openJar(app.url).ask('GET', '/api/v1/sign-in');
  expect(options.body.providers).toEqual([{ id: provider.id, label: 'House accounts' }]);
  const jar = openJar(app.url);
  expect(new URL(await through(jar, 'olga'), app.url).href).toBe(`${app.url}/`);
  const mine = await own(jar);
  expect(mine).toMatchObject({ signedIn: true, bound: true, email });
  expect(mine.sessions[0].method).toBe('oidc');
  const rows = await app.db.everywhere.many(
    `select row_to_json(a)::text as row from login_account a where provider_id = $1
     union all select row_to_json(p)::text from identity_provider p`,
    [provider.id],
  );
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toContain('CANARY');
  const account = await app.db.everywhere.one(
    'select access_token, refresh_token, id_token from login_account where provider_id = $1',
    [provider.id],
  );
  expect(account).toEqual({ access_token: null, refresh_token: null, id_token: null });
});

test('who belongs to no organisation is not let in, and nothing is made for them', async () => {
  const before = await app.db.everywhere.one('select count(*) as n from login');
  const jar = openJar(app.url);
  expect(await through(jar, 'stranger')).toMatch(/\/sign-in\?error=/);
  expect(await own(jar)).toMatchObject({ signedIn: false });
  expect(await app.db.everywhere.one('select count(*) as n from login')).toEqual(before);
});

test('a provider of one organisation opens nothing of another, nor changes what opens it', async () => {
  const [org, login] = [randomUUID(), randomUUID()];
  const all = app.db.everywhere;
  await all.exec('insert into org (id, name) values ($1, $2)', [org, 'Other House']);
  await all.exec('insert into login (id, email, email_verified, name) values ($1, $2, true, $3)', [
    login,
    'vera@other.example',
    'Vera',
  ]);
  await all.exec(`insert into app_user (org_id, id, name, login_id) values ($1, $2, 'Vera', $2)`, [org, login]);
  const jar = openJar(app.url);
  expect(await through(jar, 'impostor')).toMatch(/error=/);
  expect(await all.many('select 1 from login_session where login_id = $1', [login])).toEqual([]);
  expect(await all.many('select 1 from login_account where login_id = $1', [login])).toEqual([]);

  const bound = openJar(app.url);
  await through(bound, 'olga');
  const refusals = await Promise.all([
    bound.ask('POST', '/api/v1/auth/two-factor/enable', {}),
    bound.ask('GET', '/api/v1/auth/passkey/generate-register-options'),
    bound.ask('POST', '/api/v1/auth/change-email', { newEmail: 'mine@evil.example' }),
    bound.ask('PUT', '/api/v1/me/password', { password: 'correct horse battery' }),
  ]);
  expect(refusals.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
});

test('a provider that says it checks a second factor satisfies an organisation that requires one', async () => {
  await app.db.everywhere.exec('update org set second_factor_required = true');
  try {
    const jar = openJar(app.url);
    await through(jar, 'olga');
    expect((await jar.ask('GET', '/api/v1/personas')).body.code).toBe('second-factor-required');
    await app.db.everywhere.exec('update identity_provider set checks_second_factor = true, updated_at = now()');
    const strong = openJar(app.url);
    await through(strong, 'olga');
    expect((await strong.ask('GET', '/api/v1/personas')).status).toBe(200);
  } finally {
    await app.db.everywhere.exec('update org set second_factor_required = false');
  }
});

test('an answer that nobody asked for, a replayed one, and another browser’s are refused', async () => {
  const jar = openJar(app.url);
  const begun = await jar.ask('POST', '/api/v1/auth/sign-in/social', { provider: provider.id });
  const back = await signInAtProvider(begun.body.url, 'olga');
  const other = await openJar(app.url).ask('GET', back);
  expect(other.headers.get('location')).toMatch(/error=/);
  expect(other.headers.getSetCookie().join()).not.toContain('rapport_session');
  const made = await jar.ask('GET', `${provider.redirectUrl}?code=x&state=y`);
  expect(made.headers.get('location')).toMatch(/\/sign-in\?error=/);
});

test('an issuer over an open line is refused; one that does not answer is told; one that is removed is gone', async () => {
  const open = await app.json('POST', '/api/v1/identity-providers', {
    label: 'Open',
    issuer: 'http://idp.example',
    clientId: 'x',
  });
  expect([open.status, open.body.errors[0].pointer]).toEqual([400, '/issuer']);
  const silent = await add({ label: 'Silent', issuer: 'http://127.0.0.1:9' });
  const begin = (id: string) => app.json('POST', '/api/v1/auth/sign-in/social', { provider: id });
  expect((await begin(silent.id)).body.code).toBe('provider-failed');
  expect((await app.json('DELETE', `/api/v1/identity-providers/${silent.id}`)).status).toBe(200);
  expect((await begin(silent.id)).status).toBe(404);
  expect((await app.json('DELETE', `/api/v1/identity-providers/${silent.id}`)).status).toBe(404);
});

test('a published server asks no provider in a private network', async () => {
  await app.json('PUT', '/api/v1/me/password', { password: 'correct horse battery' });
  const strict = await app.second({ localMode: false });
  try {
    const { body } = await strict.json('POST', '/api/v1/auth/sign-in/social', { provider: provider.id });
    expect(body.code).toBe('provider-failed');
    expect((await openJar(app.url).ask('POST', '/api/v1/auth/sign-in/social', { provider: provider.id })).status).toBe(
      200,
    );
  } finally {
    await strict.close();
  }
});
