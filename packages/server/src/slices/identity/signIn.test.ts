import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { startApp, type RunningApp } from '../../app.ts';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { openJar, type Jar } from '../../test/jar.ts';
import { startSmtp } from '../../test/smtp.ts';
import { totpOf } from '../../test/totp.ts';

const password = 'correct horse battery';
const email = 'olga@house.example';
let app: TestApp;
let server: RunningApp;
let smtp: Awaited<ReturnType<typeof startSmtp>>;

beforeAll(async () => {
  smtp = await startSmtp({ user: 'rapport', pass: 'letter' });
  app = await startTestApp();
  await app.json('PUT', '/api/v1/me/password', { password });
  const config = {
    ...app.config,
    localMode: false,
    publicUrl: 'http://localhost',
    smtpUrl: smtp.url,
    // More sign-ins than one address may try in a minute.
    rateLimits: { ...app.config.rateLimits, when: 'off' as const },
  };
  server = await startApp({ config, database: app.database });
});
afterAll(async () => {
  await server?.close();
  await app?.close();
  await smtp?.close();
});
beforeEach(async () => {
  await app.db.everywhere.exec('delete from login_session');
  await app.db.everywhere.exec('delete from login_second_factor');
  await app.db.everywhere.exec('delete from login_passkey');
  await app.db.everywhere.exec('update org set second_factor_required = false');
  await app.db.everywhere.exec('update login set two_factor_enabled = false, email = $1, email_verified = true', [
    email,
  ]);
});

const signIn = (jar: Jar, name = email) => jar.ask('POST', '/api/v1/sign-in', { name, password });
async function signedIn(): Promise<Jar> {
  const jar = openJar(server.url);
  expect((await signIn(jar)).body).toEqual({ secondFactor: false });
  return jar;
}
const me = async (jar: Jar) => (await jar.ask('GET', '/api/v1/me')).status;
const own = async (jar: Jar) => (await jar.ask('GET', '/api/v1/me/sign-in')).body;
const tokenIn = (text: string): string => decodeURIComponent(/#\w+=(\S+)/.exec(text)?.[1] ?? '');
async function letterAfter(act: () => Promise<unknown>) {
  const seen = smtp.delivered.length;
  await act();
  return smtp.next(seen);
}
const keyIn = (uri: string) => new URL(uri).searchParams.get('secret') ?? '';
const codeOf = (uri: string) => totpOf(keyIn(uri));
/** What the app shows next; a code is good once, and the one shown now turned the app on. */
const nextCodeOf = (uri: string) => totpOf(keyIn(uri), 1);
async function withApp(jar: Jar) {
  const begun = await jar.ask('POST', '/api/v1/auth/two-factor/enable', { password });
  expect(begun.status).toBe(200);
  const code = await codeOf(begun.body.totpURI);
  expect((await jar.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code })).status).toBe(200);
  return begun.body as { totpURI: string; backupCodes: string[] };
}

test('a password opens a login by address or name; answers tell no token', async () => {
  const jar = openJar(server.url);
  const answer = await signIn(jar, 'Olga');
  expect(answer.body).toEqual({ secondFactor: false });
  expect(answer.headers.getSetCookie().join()).toMatch(/rapport_session=[^;]+;.*HttpOnly;.*SameSite=Strict/i);
  expect(await me(jar)).toBe(200);
  expect(await me(await signedIn())).toBe(200);
  const { token } = await app.db.everywhere.one<{ token: string }>('select token from login_session limit 1');
  expect(jar.cookie()).not.toContain(token);
  // 32 letters and digits: 190 bits.
  expect(jar.cookie()).toMatch(/^rapport_session=[A-Za-z0-9]{32}\./);
});

test('over https the cookie is Secure and has a name no open line may set', async () => {
  const config = { ...app.config, localMode: false, publicUrl: 'https://house.example' };
  const secure = await startApp({ config, database: app.database });
  try {
    const answer = await fetch(`${secure.url}/api/v1/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', host: 'house.example' },
      body: JSON.stringify({ name: email, password }),
    });
    // fetch sends the host of the address, so the proxied form is asked by hand below.
    expect(answer.status).toBe(200);
    const { request } = await import('node:http');
    const cookies = await new Promise<string[]>((resolve, reject) => {
      const asked = request(
        `${secure.url}/api/v1/sign-in`,
        { method: 'POST', headers: { 'content-type': 'application/json', host: 'house.example' } },
        (response) => resolve(response.headers['set-cookie'] ?? []),
      );
      asked.on('error', reject);
      asked.end(JSON.stringify({ name: email, password }));
    });
    expect(cookies.join()).toMatch(/__Host-rapport_session=[^;]+;.*Path=\/;.*Secure/);
    expect(cookies.join()).not.toMatch(/domain=/i);
    const cookie = cookies.map((each) => each.split(';')[0]).join('; ');
    expect((await fetch(`${secure.url}/api/v1/me`, { headers: { cookie } })).status).toBe(200);
  } finally {
    await secure.close();
  }
});

test('a link by e-mail signs in once, for ten minutes; nobody else gets one and the answer is the same', async () => {
  const jar = openJar(server.url);
  const ask = (to: string) => jar.ask('POST', '/api/v1/auth/sign-in/magic-link', { email: to });
  const before = smtp.delivered.length;
  const unknown = await ask('nobody@house.example');
  const letter = await letterAfter(() => ask(email));
  expect(smtp.delivered.length).toBe(before + 1);
  expect([unknown.status, unknown.body]).toEqual([200, {}]);
  expect(letter.to).toEqual([email]);
  const token = tokenIn(letter.text);
  const verify = (from: Jar) => from.ask('POST', '/api/v1/auth/magic-link/verify', { token });
  expect((await verify(jar)).body).toEqual({ secondFactor: false });
  expect(await me(jar)).toBe(200);
  expect((await own(jar)).sessions[0].method).toBe('magic-link');
  const again = await verify(openJar(server.url));
  expect([again.status, again.body.code]).toEqual([410, 'link-gone']);
  const kept = await app.db.everywhere.many<{ identifier: string }>('select identifier from login_verification');
  expect(kept.every(({ identifier }) => identifier !== token)).toBe(true);
});

test('an authenticator app is asked after the password and after a link; a recovery code is good once', async () => {
  const first = await signedIn();
  const { totpURI, backupCodes } = await withApp(first);
  expect(backupCodes).toHaveLength(10);
  expect(await own(first)).toMatchObject({ secondFactor: true });
  const jar = openJar(server.url);
  expect((await signIn(jar)).body).toEqual({ secondFactor: true });
  expect(await me(jar)).toBe(401);
  const wrong = await jar.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code: '000000' });
  expect([wrong.status, wrong.body.code]).toEqual([401, 'wrong-code']);
  const log = async (): Promise<{ act: string; outcome: string }[]> =>
    (await first.ask('GET', '/api/v1/audit?limit=200')).body.items;
  const refused = async () => (await log()).filter(({ outcome }) => outcome === 'wrong-code').map(({ act }) => act);
  expect(await refused()).toEqual(['login.sign-in']);
  const code = await nextCodeOf(totpURI);
  const right = await jar.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code });
  expect([right.status, right.body]).toEqual([200, {}]);
  expect(await me(jar)).toBe(200);

  const linked = openJar(server.url);
  const letter = await letterAfter(() => linked.ask('POST', '/api/v1/auth/sign-in/magic-link', { email }));
  const step = await linked.ask('POST', '/api/v1/auth/magic-link/verify', { token: tokenIn(letter.text) });
  expect(step.body).toEqual({ secondFactor: true });
  expect(await me(linked)).toBe(401);
  const recover = (from: Jar) =>
    from.ask('POST', '/api/v1/auth/two-factor/verify-backup-code', { code: backupCodes[0] });
  expect((await recover(linked)).status).toBe(200);
  expect(await me(linked)).toBe(200);
  const other = openJar(server.url);
  await signIn(other);
  expect((await recover(other)).body.code).toBe('wrong-code');
  expect(await refused()).toEqual(['login.sign-in', 'login.sign-in']);
  // And while one is signed in, as when an app is set up anew.
  await first.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code: '000000' });
  expect((await refused())[0]).toBe('login.factor-changed');
});

test('five wrong codes end a sign-in, ten lock the codes of this login for a while', async () => {
  const { totpURI } = await withApp(await signedIn());
  const attempt = async (jar: Jar) =>
    (await jar.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code: '000000' })).body.code;
  const jar = openJar(server.url);
  await signIn(jar);
  const codes = [];
  for (let i = 0; i < 6; i++) codes.push(await attempt(jar));
  expect(codes).toEqual([...Array(5).fill('wrong-code'), 'sign-in-required']);
  const next = openJar(server.url);
  await signIn(next);
  for (let i = 0; i < 5; i++) await attempt(next);
  const locked = openJar(server.url);
  await signIn(locked);
  const refused = await locked.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code: await nextCodeOf(totpURI) });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
});

test('an organisation that requires a second factor lets nobody further before it is set up', async () => {
  const jar = await signedIn();
  const policy = await jar.ask('PUT', '/api/v1/organisation/sign-in', { secondFactorRequired: true });
  expect(policy.body).toEqual({ secondFactorRequired: true, idleMinutes: null });
  const refused = await jar.ask('GET', '/api/v1/personas');
  expect([refused.status, refused.body.code]).toEqual([401, 'second-factor-required']);
  expect(await own(jar)).toMatchObject({ secondFactorMissing: true, secondFactorRequired: true });
  await withApp(jar);
  expect((await jar.ask('GET', '/api/v1/personas')).status).toBe(200);
  expect(await own(jar)).toMatchObject({ secondFactorMissing: false });
});

test('logins are listed and ended, one or all others; HTTP and the live socket go within a second', async () => {
  const [here, there, third] = [await signedIn(), await signedIn(), await signedIn()];
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/live`, {
    headers: { cookie: there.cookie() },
  });
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(JSON.stringify({ t: 'hello' }));
  await new Promise((resolve) => socket.once('message', resolve));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  expect(await me(there)).toBe(200);

  const { sessions } = await own(there);
  expect(sessions).toHaveLength(3);
  const theirs = sessions.find((s: { here: boolean }) => s.here);
  const from = performance.now();
  // Ended by another server, which cannot make this one forget.
  expect(
    (await app.json('DELETE', `/api/v1/me/logins/${theirs.id}`, undefined, { cookie: here.cookie() })).status,
  ).toBe(200);
  expect(await closed).toBe(4001);
  expect(performance.now() - from).toBeLessThan(1000);
  await sleep(Math.max(0, 500 - (performance.now() - from)));
  expect(await me(there)).toBe(401);
  expect((await here.ask('DELETE', '/api/v1/me/logins')).status).toBe(200);
  expect([await me(here), await me(third)]).toEqual([200, 401]);
  expect((await here.ask('DELETE', `/api/v1/me/logins/${theirs.id}`)).status).toBe(404);
});

test('a forgotten password is set anew by a letter, which ends all logins', async () => {
  const old = await signedIn();
  const jar = openJar(server.url);
  const letter = await letterAfter(() => jar.ask('POST', '/api/v1/auth/request-password-reset', { email }));
  const token = tokenIn(letter.text);
  const weak = await jar.ask('POST', '/api/v1/auth/reset-password', { token, newPassword: 'password1234' });
  expect([weak.status, weak.body.errors?.[0]?.message]).toEqual([400, expect.stringMatching(/tried first/)]);
  expect((await jar.ask('POST', '/api/v1/auth/reset-password', { token, newPassword: `${password}s` })).status).toBe(
    200,
  );
  expect(await me(old)).toBe(401);
  expect((await jar.ask('POST', '/api/v1/auth/reset-password', { token, newPassword: password })).body.code).toBe(
    'link-gone',
  );
  expect((await jar.ask('POST', '/api/v1/sign-in', { name: email, password: `${password}s` })).status).toBe(200);
  expect((await jar.ask('PUT', '/api/v1/me/password', { current: `${password}s`, password })).status).toBe(200);
});

test('a password set anew by a letter does not go around the second factor', async () => {
  const { totpURI } = await withApp(await signedIn());
  const jar = openJar(server.url);
  const letter = await letterAfter(() => jar.ask('POST', '/api/v1/auth/request-password-reset', { email }));
  const reset = await jar.ask('POST', '/api/v1/auth/reset-password', {
    token: tokenIn(letter.text),
    newPassword: password,
  });
  expect([reset.status, await me(jar)]).toEqual([200, 401]);
  expect((await signIn(jar)).body).toEqual({ secondFactor: true });
  expect(await me(jar)).toBe(401);
  const code = await nextCodeOf(totpURI);
  expect((await jar.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code })).status).toBe(200);
  expect(await me(jar)).toBe(200);
});

test('a login that is not used ends; use carries it on, to at most 30 days', async () => {
  const jar = await signedIn();
  const left = async () => Math.round((Date.parse((await own(jar)).sessions[0].expiresAt) - Date.now()) / 60_000);
  expect(await left()).toBe(720);
  await app.db.everywhere.exec(
    `update login_session set created_at = now() - interval '29 days 23 hours', expires_at = now() + interval '5 minutes'`,
  );
  const other = await app.second({ localMode: false });
  expect((await other.json('GET', '/api/v1/me', undefined, { cookie: jar.cookie() })).status).toBe(200);
  await other.close();
  await expect.poll(left).toBe(60);
  await app.db.everywhere.exec('update login_session set expires_at = now()');
  await sleep(500);
  expect(await me(jar)).toBe(401);
});

test('a password of 200 characters of any kind is taken as it is', async () => {
  const jar = await signedIn();
  const long = 'ä🙂 "\\<&%7f;--${x} '.repeat(20).slice(0, 199) + '!';
  expect((await jar.ask('PUT', '/api/v1/me/password', { current: password, password: long })).status).toBe(200);
  const tried = async (given: string) =>
    (await openJar(server.url).ask('POST', '/api/v1/sign-in', { name: email, password: given })).status;
  expect([await tried(long), await tried(long.slice(0, 199)), await tried(long.toUpperCase())]).toEqual([
    200, 401, 401,
  ]);
  expect((await jar.ask('PUT', '/api/v1/me/password', { current: long, password })).status).toBe(200);
});

test('an address becomes one’s own by the letter that was sent to it', async () => {
  const jar = await signedIn();
  const next = 'olga.new@house.example';
  await app.db.everywhere.exec('update login set email_verified = false');
  const letter = await letterAfter(() => jar.ask('POST', '/api/v1/auth/change-email', { newEmail: next }));
  expect(letter.to).toEqual([next]);
  expect(await own(jar)).toMatchObject({ email });
  expect((await jar.ask('POST', '/api/v1/auth/verify-email', { token: tokenIn(letter.text) })).status).toBe(200);
  expect(await own(jar)).toMatchObject({ email: next, emailVerified: true });
});

test.each([
  ['one of the first that are tried', 'Password1234'],
  ['the same character', 'aaaaaaaaaaaaaaaa'],
  ['a repeated part', 'abc123abc123abc123'],
  ['a row', 'abcdefghijklmnop'],
  ['the person’s own name', 'olga@house!1'.replace('@house', '-olga')],
])('a new password may not be %s', async (_what, bad) => {
  const refused = await app.json('PUT', '/api/v1/me/password', { current: password, password: bad });
  expect([refused.status, refused.body.errors?.[0]?.pointer]).toEqual([400, '/password']);
});

test('a library route nobody declared does not exist, and no answer sends a browser elsewhere', async () => {
  const jar = await signedIn();
  for (const [method, path] of [
    ['POST', 'sign-up/email'],
    ['POST', 'update-user'],
    ['POST', 'delete-user'],
    ['GET', 'get-session'],
    ['GET', 'list-sessions'],
    ['GET', 'error'],
  ] as const) {
    expect((await jar.ask(method, `/api/v1/auth/${path}`, method === 'POST' ? {} : undefined)).status).toBe(404);
  }
  const open = await jar.ask('POST', '/api/v1/auth/sign-in/magic-link', { email, callbackURL: 'https://evil.example' });
  expect(open.status).toBe(400);
  const foreign = await jar.ask(
    'POST',
    '/api/v1/auth/two-factor/disable',
    { password },
    { origin: 'https://evil.example' },
  );
  expect([foreign.status, foreign.body.code]).toEqual([403, 'foreign-origin']);
});

test('without a mail server letters wait in the mailbox of the machine itself, and only there', async () => {
  await app.json('POST', '/api/v1/auth/sign-in/magic-link', { email });
  const mailbox = async () => (await app.json('GET', '/api/v1/mailbox')).body;
  await expect.poll(async () => (await mailbox()).items.length).toBe(1);
  const body = await mailbox();
  expect(body).toMatchObject({ leaves: false, items: [{ to: email, subject: 'Your sign-in link' }] });
  expect(body.items[0].text).toContain(`${app.url}/sign-in#link=`);
  const elsewhere = await (await signedIn()).ask('GET', '/api/v1/mailbox');
  expect(elsewhere.status).toBe(404);
  const lettersOf = async (url: string) => (await openJar(url).ask('GET', '/api/v1/sign-in')).body.letters;
  expect([await lettersOf(app.url), await lettersOf(server.url)]).toEqual(['kept', 'sent']);
});

test('an invitation by letter says until when in words', async () => {
  const body = { roles: ['author'], email: 'new@house.example' };
  expect((await app.json('POST', '/api/v1/member-invitations', body)).body.sent).toBe(false);
  const [letter] = (await app.json('GET', '/api/v1/mailbox')).body.items;
  expect(letter.subject).toBe('Invitation to Test House');
  expect(letter.text).toMatch(/The link is good until \d{1,2} [A-Z][a-z]+ 20\d\d at \d\d:\d\d \(UTC\)\.\n$/);
});

test.each([
  ['without a mail server', { smtpUrl: null, publicUrl: 'http://localhost' }, 'no-mail-server'],
  ['that does not know its address', { smtpUrl: 'smtp://127.0.0.1:1', publicUrl: null }, 'no-public-address'],
])('a server that others reach %s sends no links, and says so', async (_, more, why) => {
  const silent = await startApp({ config: { ...app.config, localMode: false, ...more }, database: app.database });
  const jar = openJar(silent.url);
  const refused = await jar.ask('POST', '/api/v1/auth/sign-in/magic-link', { email });
  const options = await jar.ask('GET', '/api/v1/sign-in');
  await silent.close();
  expect([refused.status, refused.body.code]).toEqual([409, 'wrong-state']);
  expect(options.body).toEqual({ providers: [], letters: why });
});

test('an address that a member has confirmed stands among the members, and an unconfirmed one does not', async () => {
  const confirmed = async () => (await app.json('GET', '/api/v1/members')).body.items[0].confirmedEmail;
  expect(await confirmed()).toBe(email);
  const { body } = await app.json('GET', '/api/v1/members');
  const renamed = await app.json('PATCH', `/api/v1/members/${body.items[0].id}`, { name: 'Olga' });
  expect(renamed.body.confirmedEmail).toBe(email);
  await app.db.everywhere.exec('update login set email_verified = false');
  expect(await confirmed()).toBeNull();
});
