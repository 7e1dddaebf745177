import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { readBySocket, readBySse } from '../../test/readers.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let other: TestApp;
let session: TestSession;

beforeAll(async () => {
  app = await startTestApp();
  await app.json('PUT', '/api/v1/me/password', { password: 'a long enough password' });
  other = await app.second({ localMode: false });
  session = await makeSession(app, await makePersona(app));
});
afterAll(async () => {
  await other.close();
  await app.close();
});

const as = (member: TestMember, method: string, path: string, body?: unknown, server = app) =>
  server.json(method, `/api/v1${path}`, body, member.headers);
const asOwner = (method: string, path: string, body?: unknown) => app.json(method, `/api/v1${path}`, body);

/** Locally nobody signed in is the owner, so what tells is who answers; the other server answers nobody. */
const isStill = async (member: TestMember, server: TestApp) =>
  (await as(member, 'GET', '/me', undefined, server)).body.userId === member.id;

const keyOf = async (member: TestMember | null, body: object) => {
  const answer = await app.json('POST', '/api/v1/api-keys', { name: 'Robot', ...body }, member?.headers);
  return { ...answer, headers: { authorization: `Bearer ${answer.body.key}` } };
};

test.each([
  ['disabled', (id: string) => asOwner('PATCH', `/members/${id}`, { status: 'disabled' })],
  ['removed', (id: string) => asOwner('DELETE', `/members/${id}`)],
])(
  'a member who is %s loses requests, keys and live connections within a second, on every server',
  async (what, act) => {
    const member = await makeMember(app, `To be ${what}`, ['administrator']);
    const { headers } = await keyOf(member, { scopes: ['members.read'] });
    const key = (server: TestApp) => server.json('GET', '/api/v1/members', undefined, headers);
    const readers = await Promise.all([
      readBySocket(app, session, member.headers),
      readBySocket(other, session, member.headers),
      readBySse(other, session, member.headers),
    ]);
    expect([await isStill(member, app), await isStill(member, other)]).toEqual([true, true]);
    expect([(await key(app)).status, (await key(other)).status]).toEqual([200, 200]);
    const poll = as(member, 'GET', `/rooms/${session.roomId}/events?after=${await head()}&wait=20`, undefined, other);
    expect((await act(member.id)).status).toBe(200);
    await Promise.all(readers.map((reader) => reader.until((seen) => seen.ended, 1000)));
    expect([await isStill(member, app), await isStill(member, other)]).toEqual([false, false]);
    expect([(await key(app)).status, (await key(other)).status]).toEqual([401, 401]);
    // A poll that waited does not answer with what came meanwhile.
    await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'Hello' }, session.client);
    expect((await poll).status).toBe(401);
    expect((await as(member, 'GET', '/me', undefined, other)).status).toBe(401);
    const { items } = (await asOwner('GET', '/members')).body;
    expect(items.find((m: { id: string }) => m.id === member.id)?.status).toBe(
      what === 'disabled' ? 'disabled' : undefined,
    );
  },
);

const head = async (): Promise<number> => (await asOwner('GET', `/rooms/${session.roomId}/events`)).body.next;

test('a disabled member comes back with their roles when enabled, and signs in anew', async () => {
  const member = await makeMember(app, 'Back again', ['author']);
  await asOwner('PATCH', `/members/${member.id}`, { status: 'disabled' });
  const signIn = () => asOwner('POST', '/sign-in', { name: 'Back again', password: 'correct horse battery staple' });
  expect((await signIn()).body.code).toBe('wrong-password');
  await asOwner('PATCH', `/members/${member.id}`, { status: 'active' });
  expect(await isStill(member, app)).toBe(false);
  const again = await signIn();
  const cookie = again.headers.get('set-cookie')?.split(';')[0] ?? '';
  const me = (await app.json('GET', '/api/v1/me', undefined, { cookie })).body;
  expect(me).toMatchObject({ userId: member.id, roles: ['author'] });
});

test('who loses a role keeps the connection and loses what it allowed', async () => {
  const member = await makeMember(app, 'Changing', ['supervisor']);
  const reader = await readBySocket(other, session, member.headers);
  await asOwner('PATCH', `/members/${member.id}`, { roles: ['author'] });
  await reader.until((seen) => seen.ended, 1000);
  await expect(readBySocket(other, session, member.headers)).rejects.toThrow('denied: not-found');
  expect((await as(member, 'GET', `/sessions/${session.id}`, undefined, other)).status).toBe(403);
});

test('a role that only follows a session reads it live and cannot write in it', async () => {
  const role = await asOwner('POST', '/roles', {
    name: 'Observer',
    permissions: ['clients.read-all', 'sessions.read', 'sessions.follow'],
  });
  const member = await makeMember(app, 'Watching', [role.body.id]);
  const reader = await readBySocket(app, session, member.headers);
  reader.send({ t: 'pub', room: session.roomId, mid: randomUUID(), text: 'I should not' });
  await reader.until(() => reader.nacks.length > 0);
  expect(reader.nacks).toEqual(['forbidden']);
  expect((await as(member, 'POST', `/rooms/${session.roomId}/messages`, { text: 'x' })).status).toBe(403);
  expect((await as(member, 'GET', `/sessions/${session.id}/messages`)).status).toBe(200);
  reader.close();
});

test('an API key does what its scopes and its maker both may, and nothing about accounts or keys', async () => {
  const member = await makeMember(app, 'Maker', ['administrator']);
  const made = await keyOf(member, { scopes: ['members.read', 'personas.read'], expiresInDays: 30 });
  expect(made.status).toBe(201);
  expect(made.body.key).toMatch(/^rk_[\w-]{43}$/);
  const key = (method: string, path: string, body?: unknown) => app.json(method, `/api/v1${path}`, body, made.headers);
  expect((await key('GET', '/me')).body).toMatchObject({ userId: member.id, name: 'Maker' });
  expect((await key('GET', '/personas')).status).toBe(200);
  expect((await key('GET', '/clients')).status).toBe(403);
  expect((await key('POST', '/api-keys', { name: 'More', scopes: ['members.read'] })).status).toBe(403);
  expect((await key('PUT', '/me/password', { password: 'a long enough password' })).status).toBe(403);
  await asOwner('PATCH', `/members/${member.id}`, { roles: ['author'] });
  expect((await key('GET', '/members')).status).toBe(401);
  await asOwner('PATCH', `/members/${member.id}`, { roles: ['administrator'] });
  expect((await key('GET', '/members')).status).toBe(200);
});

test('a key’s scopes are at most its maker’s, and never those that no key may have', async () => {
  const role = await asOwner('POST', '/roles', { name: 'Robots', permissions: ['api-keys.own', 'personas.read'] });
  const member = await makeMember(app, 'Small', [role.body.id]);
  expect((await keyOf(member, { scopes: ['clients.read'] })).body.code).toBe('forbidden');
  for (const scope of ['api-keys.own', 'organisation.own', 'own-account', 'public'])
    expect((await keyOf(null, { scopes: [scope] })).body.errors[0].pointer).toBe('/scopes');
  expect((await keyOf(null, { scopes: [] })).status).toBe(400);
});

test('a key is shown once, stored as a hash, revoked at once, and tells when it was used', async () => {
  const made = await keyOf(null, { scopes: ['members.read'], expiresInDays: null });
  const use = (server: TestApp) => server.json('GET', '/api/v1/members', undefined, made.headers);
  await use(app);
  await use(other);
  const { items } = (await asOwner('GET', '/api-keys')).body;
  expect(items[0]).toMatchObject({ id: made.body.id, expiresAt: null, lastUsedAt: expect.any(String) });
  expect(items[0].key).toBeUndefined();
  expect(made.body.key.startsWith(items[0].hint)).toBe(true);
  const stored = await app.db.everywhere.many('select * from api_key');
  expect(JSON.stringify(stored)).not.toContain(made.body.key);
  expect((await asOwner('DELETE', `/api-keys/${made.body.id}`)).status).toBe(200);
  expect((await use(app)).status).toBe(401);
  await expect.poll(async () => (await use(other)).status, { timeout: 1000 }).toBe(401);
});

test('an expired key is like an unknown one', async () => {
  const made = await keyOf(null, { scopes: ['members.read'], expiresInDays: 1 });
  await app.db.everywhere.exec(`update api_key set expires_at = now() - interval '1 second' where id = $1`, [
    made.body.id,
  ]);
  const answer = await app.json('GET', '/api/v1/members', undefined, made.headers);
  expect([answer.status, answer.body.code]).toEqual([401, 'sign-in-required']);
});

test('everybody’s keys are for who manages them; others see and revoke their own', async () => {
  const role = (await asOwner('GET', '/roles')).body.items.find((r: { name: string }) => r.name === 'Robots');
  const member = await makeMember(app, 'Keeper', [role.id]);
  const own = await keyOf(member, { scopes: ['personas.read'] });
  const owners = await keyOf(null, { scopes: ['personas.read'] });
  expect((await as(member, 'GET', '/api-keys')).body.items.map((k: { id: string }) => k.id)).toEqual([own.body.id]);
  expect((await as(member, 'GET', '/api-keys?of=everybody')).status).toBe(403);
  expect((await as(member, 'DELETE', `/api-keys/${owners.body.id}`)).status).toBe(404);
  const all = (await asOwner('GET', '/api-keys?of=everybody')).body.items.map((k: { id: string }) => k.id);
  expect(all).toEqual(expect.arrayContaining([own.body.id, owners.body.id]));
  expect((await asOwner('DELETE', `/api-keys/${own.body.id}`)).status).toBe(200);
});
