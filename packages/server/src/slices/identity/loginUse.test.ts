import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { openJar } from '../../test/jar.ts';
import { readBySocket, readBySse } from '../../test/readers.ts';
import { makeMember } from '../../test/team.ts';
import { totpOf } from '../../test/totp.ts';
import { newId, newToken } from '../../platform/ids.ts';
import { hashLoginToken } from './logins.shared.ts';

const password = 'correct horse battery staple';
let app: TestApp;
let other: TestApp;
let session: TestSession;
beforeAll(async () => {
  app = await startTestApp();
  await app.json('PUT', '/api/v1/me/password', { password });
  other = await app.second({ localMode: false });
  session = await makeSession(app, await makePersona(app));
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const forgetfully = () => new Promise((resolve) => setTimeout(resolve, 500));

test('a code of an authenticator app is good once, on all servers, and none before it afterwards', async () => {
  const member = await makeMember(app, 'With an app', ['author']);
  const begun = await app.json('POST', '/api/v1/auth/two-factor/enable', { password }, member.headers);
  const key = new URL(begun.body.totpURI).searchParams.get('secret') ?? '';
  const [now, next] = [await totpOf(key), await totpOf(key, 1)];
  const verify = async (server: TestApp, code: string) => {
    const jar = openJar(server.url);
    const first = await jar.ask('POST', '/api/v1/sign-in', { name: 'With an app', password });
    expect(first.body).toEqual({ secondFactor: true });
    const answer = await jar.ask('POST', '/api/v1/auth/two-factor/verify-totp', { code });
    const me = await jar.ask('GET', '/api/v1/me/sign-in');
    return [answer.status, answer.body.code, me.status === 200 && me.body.signedIn];
  };
  const turnedOn = await app.json('POST', '/api/v1/auth/two-factor/verify-totp', { code: now }, member.headers);
  expect(turnedOn.status).toBe(200);
  // What turned it on signs nobody in.
  expect(await verify(other, now)).toEqual([401, 'wrong-code', false]);
  // Of two that come at once, on two servers, one is let in.
  const both = await Promise.all([verify(app, next), verify(other, next)]);
  expect(both.map(([status]) => status).sort()).toEqual([200, 401]);
  expect(await verify(app, next)).toEqual([401, 'wrong-code', false]);
  expect(await verify(other, now)).toEqual([401, 'wrong-code', false]);
});

const expiryOf = async (cookie: string) => {
  const token = hashLoginToken(cookie.split('=')[1]?.split('.')[0] ?? '');
  const { minutes } = await app.db.everywhere.one<{ minutes: number }>(
    'select round(extract(epoch from expires_at - now()) / 60)::int as minutes from login_session where token = $1',
    [token],
  );
  return minutes;
};

test('an organisation may ask for less idle time; what is open and not used ends, over HTTP, sockets and streams', async () => {
  const member = await makeMember(app, 'Away from the desk', ['supervisor']);
  const { cookie } = member.headers;
  expect(await expiryOf(cookie)).toBe(720);
  expect(
    (await app.json('PUT', '/api/v1/organisation/sign-in', { secondFactorRequired: false, idleMinutes: 4 })).status,
  ).toBe(400);
  const asked = await app.json('PUT', '/api/v1/organisation/sign-in', { secondFactorRequired: false, idleMinutes: 30 });
  expect(asked.body).toEqual({ secondFactorRequired: false, idleMinutes: 30 });
  expect(await expiryOf(cookie)).toBe(30);
  // Left out, it stays.
  const kept = await app.json('PUT', '/api/v1/organisation/sign-in', { secondFactorRequired: false });
  expect(kept.body.idleMinutes).toBe(30);
  const fresh = await makeMember(app, 'New here', ['author']);
  expect(await expiryOf(fresh.headers.cookie)).toBe(30);

  const ago = (minutes: number) =>
    app.db.everywhere.exec(
      `update login_session set updated_at = now() - make_interval(mins => $1),
         expires_at = now() + make_interval(mins => 30 - $1)`,
      [minutes],
    );
  const third = await app.second({ localMode: false });
  const readers = await Promise.all([
    readBySocket(third, session, member.headers),
    readBySse(third, session, member.headers),
  ]);
  await ago(10);
  // Connections that are merely open, and pages that wait for events, do not carry a login on.
  await third.json('GET', `/api/v1/rooms/${session.roomId}/events?wait=0`, undefined, member.headers);
  await forgetfully();
  expect(await expiryOf(cookie)).toBe(20);
  readers[0].send({ t: 'pub', room: session.roomId, mid: randomUUID(), text: 'Somebody is here' });
  await expect.poll(() => expiryOf(cookie)).toBe(30);

  const from = performance.now();
  await ago(31);
  await Promise.all(readers.map((reader) => reader.until((seen) => seen.ended, 1500)));
  expect(performance.now() - from).toBeLessThan(1500);
  expect((await third.json('GET', '/api/v1/me', undefined, member.headers)).status).toBe(401);
  await third.close();
  await app.json('PUT', '/api/v1/organisation/sign-in', { secondFactorRequired: false, idleMinutes: null });
});

/** Statements that ask whose logins or tokens there are, by this process, within a time. */
async function askedWithin(ms: number): Promise<number> {
  const prototype = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const original = prototype.query;
  let count = 0;
  prototype.query = function (this: unknown, ...args: unknown[]) {
    const [asked] = args as [{ text?: string } | string];
    const text = typeof asked === 'string' ? asked : (asked.text ?? '');
    if (/from (login_session|access_token)/.test(text)) count += 1;
    return original.apply(this, args);
  };
  await new Promise((resolve) => setTimeout(resolve, ms));
  prototype.query = original;
  return count;
}

test('200 idle sockets of 200 logins are looked at by one question at a time', async () => {
  const { id: userId } = await makeMember(app, 'Everywhere', ['supervisor']);
  const { login_id: loginId } = await app.db.everywhere.one<{ login_id: string }>(
    'select login_id from app_user where id = $1',
    [userId],
  );
  const tokens = Array.from({ length: 200 }, newToken);
  for (const token of tokens)
    await app.db.everywhere.exec(
      `insert into login_session (id, login_id, token, method, expires_at) values ($1, $2, $3, 'password', now() + interval '1 hour')`,
      [newId(), loginId, hashLoginToken(token)],
    );
  const sockets = tokens.map(
    (token) =>
      new WebSocket(`ws://127.0.0.1:${other.port}/api/v1/live`, { headers: { cookie: `rapport_session=${token}` } }),
  );
  let ended = 0;
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.on('open', () => socket.send(JSON.stringify({ t: 'hello' })));
          socket.once('message', () => resolve());
          socket.on('close', () => (ended += 1));
        }),
    ),
  );
  const count = await askedWithin(3000);
  expect(count).toBeGreaterThan(1);
  expect(count).toBeLessThanOrEqual(9);
  // Without any news of it: the patrol alone finds out.
  const from = performance.now();
  await app.db.everywhere.exec(`update app_user set status = 'disabled' where id = $1`, [userId]);
  await expect.poll(() => ended, { timeout: 2000, interval: 20 }).toBe(200);
  expect(performance.now() - from).toBeLessThan(1500);
});

test('whoever signs in again leaves no login open; what a login is made of changes soon after a sign-in only', async () => {
  await makeMember(app, 'Twice', ['author']);
  const jar = openJar(app.url);
  const signIn = () => jar.ask('POST', '/api/v1/sign-in', { name: 'Twice', password });
  await signIn();
  const first = jar.cookie();
  await signIn();
  expect(jar.cookie()).not.toBe(first);
  await forgetfully();
  expect((await other.json('GET', '/api/v1/me', undefined, { cookie: first })).status).toBe(401);
  expect((await other.json('GET', '/api/v1/me', undefined, { cookie: jar.cookie() })).status).toBe(200);

  const enable = () => jar.ask('POST', '/api/v1/auth/two-factor/enable', { password });
  await app.db.everywhere.exec(`update login_session set created_at = now() - interval '16 minutes'`);
  for (const [method, path, body] of [
    ['POST', 'two-factor/enable', { password }],
    ['POST', 'change-email', { newEmail: 'twice@house.example' }],
    ['GET', 'passkey/generate-register-options', undefined],
  ] as const) {
    const refused = await jar.ask(method, `/api/v1/auth/${path}`, body);
    expect([refused.status, refused.body.code], path).toEqual([401, 'sign-in-required']);
  }
  await signIn();
  expect((await enable()).status).toBe(200);
});

test('whoever manages members signs one out everywhere; the password goes on to be good, however old', async () => {
  const member = await makeMember(app, 'Signed out', ['author']);
  const reader = await readBySse(other, session, (await makeMember(app, 'Stays', ['supervisor'])).headers);
  expect((await app.json('DELETE', `/api/v1/members/${member.id}/logins`)).status).toBe(200);
  expect((await app.json('DELETE', `/api/v1/members/${randomUUID()}/logins`)).status).toBe(404);
  await forgetfully();
  expect((await other.json('GET', '/api/v1/me', undefined, member.headers)).status).toBe(401);
  expect(reader.ended).toBe(false);
  reader.close();
  await app.db.everywhere.exec(`update login_account set created_at = '2010-01-01', updated_at = '2010-01-01'`);
  const again = await openJar(app.url).ask('POST', '/api/v1/sign-in', { name: 'Signed out', password });
  expect(again.status).toBe(200);
  // As it was typed: neither cut, nor in other letters, nor without its blanks.
  for (const wrong of [password.toUpperCase(), password.slice(0, -1), ` ${password}`, password.replaceAll(' ', '')])
    expect(
      (await openJar(app.url).ask('POST', '/api/v1/sign-in', { name: 'Signed out', password: wrong })).status,
    ).toBe(401);
});

const refusals = async (userId: string): Promise<string[]> => {
  const { items } = (await app.json('GET', `/api/v1/audit?act=access.refused&actorId=${userId}&limit=50`)).body;
  return items.map((each: { outcome: string }) => each.outcome).sort();
};

test('refusals at routes, within services and on the live socket are written down, once a minute', async () => {
  const role = await app.json('POST', '/api/v1/roles', {
    name: 'Manages members',
    permissions: ['members.read', 'members.manage'],
  });
  const member = await makeMember(app, 'Curious', [role.body.id]);
  const as = (method: string, path: string, body?: unknown) => app.json(method, `/api/v1${path}`, body, member.headers);
  const give = () => as('POST', '/member-invitations', { roles: ['administrator'], name: 'Accomplice' });
  expect((await as('GET', '/personas')).status).toBe(403);
  expect(await refusals(member.id)).toEqual(['needs-personas-read']);
  // Within a service: the route is allowed, what is given is not.
  expect([(await give()).status, (await give()).status]).toEqual([403, 403]);
  const [, within] = await refusals(member.id);
  expect(within).toMatch(/^needs-/);
  await expect(readBySocket(app, session, member.headers)).rejects.toThrow('denied: forbidden');
  await expect(readBySocket(app, session, member.headers)).rejects.toThrow('denied: forbidden');
  expect(await refusals(member.id)).toContain('needs-sessions-follow');
  expect(await refusals(member.id)).toHaveLength(3);
});
