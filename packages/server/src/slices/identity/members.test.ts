import { randomUUID } from 'node:crypto';
import { builtInRoles, grantablePermissions, permissions } from '@rapport/protocol/permissions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { joinTeam, makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let admin: TestMember;
let facilitator: TestMember;

beforeAll(async () => {
  app = await startTestApp();
  [admin, facilitator] = await Promise.all([
    makeMember(app, 'Ada', ['administrator']),
    makeMember(app, 'Finn', ['facilitator']),
  ]);
});
afterAll(() => app.close());

const as = (member: TestMember, method: string, path: string, body?: unknown) =>
  app.json(method, `/api/v1${path}`, body, member.headers);
const asOwner = (method: string, path: string, body?: unknown) => app.json(method, `/api/v1${path}`, body);
const ownerId = async () => (await asOwner('GET', '/me')).body.userId as string;

test('the built-in roles hold what the catalogue knows and roles may hold', () => {
  const grantable = new Set<string>(grantablePermissions);
  for (const role of Object.values(builtInRoles)) expect(role.permissions.filter((p) => !grantable.has(p))).toEqual([]);
  expect(builtInRoles.owner.permissions).toEqual(grantablePermissions);
  expect(Object.values(permissions).every(({ text }) => text.endsWith('.'))).toBe(true);
});

test('a member sees who they are and what they may do, and is told what they may not', async () => {
  const me = await as(facilitator, 'GET', '/me');
  expect(me.body).toMatchObject({ kind: 'staff', name: 'Finn', roles: ['facilitator'] });
  expect(me.body.permissions).toContain('sessions.supervise');
  expect(me.body.permissions).not.toContain('clients.read-all');
  const refused = await as(facilitator, 'POST', '/member-invitations', { roles: ['facilitator'] });
  expect([refused.status, refused.body.code]).toEqual([403, 'forbidden']);
  expect(refused.body.detail).toContain('members.manage');
});

test('an invitation is shown, accepted once, and gone when withdrawn or unknown', async () => {
  const invite = (body: object) => asOwner('POST', '/member-invitations', { roles: ['author'], ...body });
  const { body: made } = await invite({ email: 'Nora@example.org', name: 'Nora' });
  expect(made.url).toBe(`${app.url}/join-team/${made.token}`);
  expect(made.sent).toBe(false);
  expect((await app.json('GET', `/api/v1/join-team/${made.token}`)).body).toMatchObject({
    organisation: { name: 'Test House', slug: 'test-house' },
    name: 'Nora',
    email: 'Nora@example.org',
  });
  const short = await app.json('POST', `/api/v1/join-team/${made.token}`, { name: 'Nora', password: 'short' });
  expect(short.status).toBe(400);
  const nora = await joinTeam(app, made.token, 'Nora');
  expect((await as(nora, 'GET', '/me')).body).toMatchObject({ name: 'Nora', roles: ['author'] });
  const { body: withdrawn } = await invite({});
  expect((await asOwner('DELETE', `/member-invitations/${withdrawn.id}`)).status).toBe(200);
  for (const token of [made.token, withdrawn.token, 'unknown']) {
    expect((await app.json('GET', `/api/v1/join-team/${token}`)).body.code).toBe('invitation-gone');
    const again = await app.json('POST', `/api/v1/join-team/${token}`, { name: 'X', password: 'long enough it is' });
    expect([again.status, again.body.code]).toEqual([410, 'invitation-gone']);
  }
  const { items } = (await asOwner('GET', '/member-invitations')).body;
  expect(items[0]).toMatchObject({ invitedBy: 'Olga', revokedAt: expect.any(String), acceptedAt: null });
  expect(JSON.stringify(items)).not.toContain(made.token);
});

test('an invitation is good for as long as whoever made it may give its roles', async () => {
  const inviter = await makeMember(app, 'Ines', ['administrator']);
  const { body } = await as(inviter, 'POST', '/member-invitations', { roles: ['author'] });
  await asOwner('PATCH', `/members/${inviter.id}`, { roles: ['facilitator'] });
  const refused = await app.json('POST', `/api/v1/join-team/${body.token}`, {
    name: 'Z',
    password: 'long enough it is',
  });
  expect(refused.body.code).toBe('invitation-gone');
});

test('names and addresses to sign in with belong to one member', async () => {
  const { body } = await asOwner('POST', '/member-invitations', { roles: ['author'] });
  const taken = await app.json('POST', `/api/v1/join-team/${body.token}`, {
    name: 'finn',
    password: 'long enough it is',
  });
  expect([taken.status, taken.body.code, taken.body.errors[0].pointer]).toEqual([409, 'taken', '/name']);
  expect((await asOwner('PATCH', `/members/${admin.id}`, { email: 'ada@example.org' })).status).toBe(200);
  const address = await asOwner('PATCH', `/members/${facilitator.id}`, { email: 'ADA@example.org' });
  expect([address.status, address.body.errors[0].pointer]).toEqual([409, '/email']);
});

test('nobody gives or takes what they may not do themselves', async () => {
  const owner = await ownerId();
  for (const answer of [
    await as(admin, 'POST', '/member-invitations', { roles: ['owner'] }),
    await as(admin, 'PATCH', `/members/${admin.id}`, { roles: ['owner'] }),
    await as(admin, 'PATCH', `/members/${owner}`, { status: 'disabled' }),
    await as(admin, 'PATCH', `/members/${owner}`, { roles: ['author'] }),
    await as(admin, 'DELETE', `/members/${owner}`),
    await as(admin, 'POST', '/roles', { name: 'Sly', permissions: ['organisation.own'] }),
  ])
    expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
  expect((await asOwner('GET', '/me')).body.roles).toEqual(['owner']);
});

test('the last owner cannot go, however it is tried, and two cannot send each other away', async () => {
  const owner = await ownerId();
  for (const answer of [
    await asOwner('DELETE', `/members/${owner}`),
    await asOwner('PATCH', `/members/${owner}`, { status: 'disabled' }),
    await asOwner('PATCH', `/members/${owner}`, { roles: ['administrator'] }),
  ])
    expect([answer.status, answer.body.code]).toEqual([409, 'last-owner']);
  const second = await makeMember(app, 'Otto', ['owner']);
  const both = await Promise.all([
    as(second, 'PATCH', `/members/${owner}`, { roles: ['administrator'] }),
    asOwner('PATCH', `/members/${second.id}`, { roles: ['administrator'] }),
  ]);
  const refused = both.filter(({ status }) => status !== 200);
  expect(refused).toHaveLength(1);
  expect(['last-owner', 'forbidden', 'sign-in-required']).toContain(refused[0]?.body.code);
  await app.db.everywhere.exec(
    `update member_role set built_in = 'owner' where built_in = 'administrator' and user_id = any($1)`,
    [[owner]],
  );
  await app.db.everywhere.exec(`delete from member_role where built_in = 'owner' and user_id = $1`, [second.id]);
});

test('a role of one’s own gives what it lists, at once, and is deleted when nobody has it', async () => {
  const made = await asOwner('POST', '/roles', {
    name: 'Front desk',
    permissions: ['clients.read', 'clients.read-all'],
  });
  expect([made.status, made.body.members]).toEqual([201, 0]);
  const desk = await makeMember(app, 'Dora', [made.body.id]);
  expect((await as(desk, 'GET', '/clients')).status).toBe(200);
  expect((await as(desk, 'GET', '/personas')).status).toBe(403);
  await asOwner('PATCH', `/roles/${made.body.id}`, { permissions: ['personas.read'] });
  expect((await as(desk, 'GET', '/clients')).status).toBe(403);
  expect((await as(desk, 'GET', '/personas')).status).toBe(200);
  expect((await asOwner('DELETE', `/roles/${made.body.id}`)).body.code).toBe('wrong-state');
  await asOwner('PATCH', `/members/${desk.id}`, { roles: ['analyst'] });
  expect((await asOwner('DELETE', `/roles/${made.body.id}`)).status).toBe(200);
  expect((await asOwner('DELETE', `/roles/${made.body.id}`)).status).toBe(404);
});

test('a role takes only permissions that roles hold, and only a name that is free', async () => {
  const make = (body: object) => asOwner('POST', '/roles', body);
  expect((await make({ name: 'A', permissions: ['own-account'] })).body.errors[0].pointer).toBe('/permissions');
  expect((await make({ name: 'A', permissions: ['everything'] })).status).toBe(400);
  expect((await make({ name: 'Owner', permissions: [] })).body.code).toBe('taken');
  await make({ name: 'Night shift', permissions: [] });
  expect((await make({ name: 'night SHIFT', permissions: [] })).body.code).toBe('taken');
});

test('the list of roles is the catalogue’s, the built-in ones first', async () => {
  const { items } = (await as(facilitator, 'GET', '/roles')).body;
  expect(items.slice(0, 6).map((r: { id: string }) => r.id)).toEqual(Object.keys(builtInRoles));
  expect(items[0].members).toBeGreaterThan(0);
});

test('unknown members, roles and fields are refused by name; unknown ids are not found', async () => {
  expect((await asOwner('PATCH', `/members/${facilitator.id}`, { roles: [randomUUID()] })).body.errors[0].pointer).toBe(
    '/roles',
  );
  for (const path of ['/members/', '/roles/', '/teams/', '/api-keys/', '/member-invitations/'])
    expect((await asOwner('DELETE', path + randomUUID())).status).toBe(404);
  expect((await asOwner('PATCH', `/members/${facilitator.id}`, { org_id: randomUUID() })).status).toBe(400);
  expect((await asOwner('PATCH', `/members/${facilitator.id}`, { roles: ['client'] })).status).toBe(400);
});

test('members are listed by name, page by page, and found by part of it', async () => {
  const names: string[] = [];
  let cursor = '';
  do {
    const { body } = await as(facilitator, 'GET', `/members?limit=2${cursor && `&cursor=${cursor}`}`);
    names.push(...body.items.map((m: { name: string }) => m.name));
    cursor = body.next ?? '';
  } while (cursor);
  expect(names).toEqual([...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)));
  expect(names).toContain('Olga');
  const { body } = await as(facilitator, 'GET', '/members?q=inn');
  expect(body.items.map((m: { name: string }) => m.name)).toEqual(['Finn']);
});
