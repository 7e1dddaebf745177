import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { startForgingOidc, type Forgery } from '../../test/forgingOidc.ts';
import { openJar } from '../../test/jar.ts';

const secret = 'a secret of the client, long enough';
let app: TestApp;
let oidc: Awaited<ReturnType<typeof startForgingOidc>>;
let provider: { id: string; redirectUrl: string };

beforeAll(async () => {
  oidc = await startForgingOidc(secret);
  app = await startTestApp();
  await app.db.everywhere.exec(`update login set email = 'olga@house.example', email_verified = true`);
  provider = await add();
});
afterAll(async () => {
  await app.close();
  await oidc.close();
});

const add = async () =>
  (
    await app.json('POST', '/api/v1/identity-providers', {
      label: 'Forger',
      issuer: oidc.issuer,
      clientId: 'rapport',
      clientSecret: secret,
    })
  ).body;

/** Goes to the provider and back with a forged token. True: somebody is signed in. */
async function signsIn(forgery: Forgery, answer: (back: URL) => void = () => {}): Promise<boolean> {
  const jar = openJar(app.url);
  const begun = await jar.ask('POST', '/api/v1/auth/sign-in/social', { provider: provider.id });
  expect(begun.status).toBe(200);
  const asked = new URL(begun.body.url);
  Object.assign(oidc.state, { forgery, asked });
  const back = new URL(provider.redirectUrl);
  back.searchParams.set('code', 'x');
  back.searchParams.set('state', asked.searchParams.get('state') ?? '');
  answer(back);
  await jar.ask('GET', back.href);
  return (await jar.ask('GET', '/api/v1/me/sign-in')).body.signedIn === true;
}
const now = () => Math.floor(Date.now() / 1000);

test('an ID token as it should be signs in', async () => {
  expect(await signsIn({})).toBe(true);
});

const forgeries: [string, () => Forgery][] = [
  ['unsigned', () => ({ sign: 'none' })],
  ['signed with a key of somebody else', () => ({ sign: 'another' })],
  ['signed with the published key taken for a secret', () => ({ sign: 'published-key-as-secret' })],
  ['signed with a secret instead of a key', () => ({ sign: 'client-secret' })],
  ['that brings its own key', () => ({ sign: 'another', header: { jwk: oidc.foreignKey } })],
  ['that says where its key is', () => ({ sign: 'another', header: { jku: `${oidc.issuer}/others-keys` } })],
  ['that has expired', () => ({ claims: { exp: now() - 600, iat: now() - 900 } })],
  ['that is not good yet', () => ({ claims: { nbf: now() + 3600 } })],
  ['for another client', () => ({ claims: { aud: 'somebody-else' } })],
  ['of another issuer', () => ({ claims: { iss: 'https://accounts.elsewhere.example' } })],
  [
    'that is a logout token',
    () => ({
      header: { typ: 'logout+jwt' },
      claims: { nonce: undefined, events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
    }),
  ],
  [
    'that is an access token',
    () => ({
      header: { typ: 'at+jwt' },
      claims: { nonce: undefined, aud: 'https://api.house.example', client_id: 'rapport', scope: 'openid' },
    }),
  ],
  ['of another request', () => ({ claims: { nonce: 'of-another-request' } })],
  ['without the request it answers', () => ({ claims: { nonce: undefined } })],
];

test.each(forgeries)('an ID token %s signs nobody in', async (_what, forgery) => {
  expect(await signsIn(forgery())).toBe(false);
});

test('an answer that names another issuer signs nobody in', async () => {
  expect(await signsIn({}, (back) => back.searchParams.set('iss', 'https://accounts.elsewhere.example'))).toBe(false);
});

test('the subject is who somebody is: an address that moves to another subject does not move the login', async () => {
  expect(await signsIn({})).toBe(true);
  const links = () =>
    app.db.everywhere.many('select account_id from login_account where provider_id = $1 order by 1', [provider.id]);
  expect(await links()).toEqual([{ account_id: 'olga' }]);
  // Olga's address changed at the provider: she is still Olga.
  expect(await signsIn({ claims: { email: 'olga.new@house.example' } })).toBe(true);
  expect(await links()).toEqual([{ account_id: 'olga' }]);
});

test('metadata that names another issuer is not used', async () => {
  oidc.state.claimedIssuer = 'https://accounts.elsewhere.example';
  const second = await add();
  const begun = await app.json('POST', '/api/v1/auth/sign-in/social', { provider: second.id });
  oidc.state.claimedIssuer = oidc.issuer;
  expect(begun.status).toBeGreaterThanOrEqual(400);
});
