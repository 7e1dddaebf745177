import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { readBySocket } from '../../test/readers.ts';
import { makeMember } from '../../test/team.ts';

const root = '/api/v1/scim/v2';
const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User'];
const patchSchemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp'];
let app: TestApp;
let headers: Record<string, string>;
let keyId: string;

beforeAll(async () => {
  app = await startTestApp();
  const key = await app.json('POST', '/api/v1/api-keys', { name: 'Directory', scopes: ['members.provision'] });
  expect(key.status).toBe(201);
  keyId = key.body.id;
  headers = { authorization: `Bearer ${key.body.key}` };
});
afterAll(() => app.close());

const ask = (method: string, path: string, body?: unknown, as = headers) =>
  app.json(method, root + path, body, { ...as, ...(body ? { 'content-type': 'application/scim+json' } : {}) });
const patch = (path: string, ...Operations: object[]) => ask('PATCH', path, { schemas: patchSchemas, Operations });
const find = (filter: string, kind = 'Users') => ask('GET', `/${kind}?filter=${encodeURIComponent(filter)}`);

/** As Entra ID sends it. */
const entraUser = (name: string) => ({
  schemas: [...schemas, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
  externalId: `entra-${name}`,
  userName: `${name}@house.example`,
  active: true,
  displayName: `${name} Example`,
  emails: [{ primary: true, type: 'work', value: `${name}@house.example` }],
  meta: { resourceType: 'User' },
  name: { formatted: `${name} Example`, familyName: 'Example', givenName: name },
  roles: [{ value: 'facilitator' }],
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'Ward 3' },
});

const made = async (name: string) => {
  const answer = await ask('POST', '/Users', entraUser(name));
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return answer.body.id as string;
};

test('it says what it can do, in its own media type', async () => {
  const config = await ask('GET', '/ServiceProviderConfig');
  expect(config.status).toBe(200);
  expect(config.headers.get('content-type')).toMatch(/^application\/scim\+json/);
  expect(config.body).toMatchObject({ patch: { supported: true }, bulk: { supported: false } });
  expect((await ask('GET', '/ResourceTypes')).body.Resources.map((r: { endpoint: string }) => r.endpoint)).toEqual([
    '/Users',
    '/Groups',
  ]);
  expect((await ask('GET', '/Schemas')).body.totalResults).toBe(2);
});

test('a user is looked up, made, found again, and made only once', async () => {
  expect((await find('userName eq "anna@house.example"')).body).toMatchObject({ totalResults: 0, Resources: [] });
  const id = await made('anna');
  const again = await ask('POST', '/Users', entraUser('anna'));
  expect(again.status).toBe(409);
  expect(again.headers.get('content-type')).toMatch(/^application\/scim\+json/);
  expect(again.body).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: '409',
    scimType: 'uniqueness',
  });
  for (const filter of ['userName eq "ANNA@house.example"', 'externalId eq "entra-anna"', `id eq "${id}"`])
    expect((await find(filter)).body.Resources.map((u: { id: string }) => u.id)).toEqual([id]);
  const one = (await ask('GET', `/Users/${id}`)).body;
  expect(one).toMatchObject({
    userName: 'anna@house.example',
    externalId: 'entra-anna',
    displayName: 'anna Example',
    active: true,
    emails: [{ value: 'anna@house.example', primary: true }],
    roles: [{ value: 'facilitator' }],
  });
  expect(one.meta.location).toBe(`${app.url}${root}/Users/${id}`);
  const audited = await app.json('GET', `/api/v1/audit?act=member.provisioned&subjectId=${id}`);
  expect(audited.body.items).toMatchObject([{ actor: { kind: 'staff', key: keyId } }]);
});

test('lists are paged from 1, and count 0 asks for the total alone', async () => {
  const total = (await ask('GET', '/Users?count=0')).body;
  expect(total).toMatchObject({ itemsPerPage: 0, Resources: [], startIndex: 1 });
  const second = (await ask('GET', '/Users?startIndex=2&count=1')).body;
  expect(second).toMatchObject({ totalResults: total.totalResults, itemsPerPage: 1, startIndex: 2 });
  expect((await ask('GET', '/Users?startIndex=-4&count=9999')).body.startIndex).toBe(1);
});

test.each([
  ['another operator', 'userName sw "a"', 'invalidFilter'],
  ['another attribute', 'password eq "a"', 'invalidFilter'],
  ['no string', 'userName eq a', 'invalidFilter'],
])('a filter with %s is refused', async (_what, filter, scimType) => {
  expect((await find(filter)).body).toMatchObject({ status: '400', scimType });
});

test('Entra ID changes a user attribute by attribute, and says truth in words', async () => {
  const id = await made('bert');
  const changed = await patch(
    `/Users/${id}`,
    { op: 'Replace', path: 'displayName', value: 'Bert Other' },
    { op: 'Replace', path: 'emails[type eq "work"].value', value: 'bert.other@house.example' },
    { op: 'Add', path: 'externalId', value: 'entra-bert-2' },
    { op: 'Add', path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', value: 'Ward 4' },
  );
  expect(changed.status).toBe(200);
  expect(changed.body).toMatchObject({
    displayName: 'Bert Other',
    externalId: 'entra-bert-2',
    emails: [{ value: 'bert.other@house.example' }],
    roles: [{ value: 'facilitator' }],
  });
  const off = await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' });
  expect(off.body.active).toBe(false);
  expect((await app.json('GET', `/api/v1/members/${id}`)).body.status).toBe('disabled');
  expect((await patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'True' })).body.active).toBe(true);
});

test('Okta changes a user as a whole, and by an operation without a path', async () => {
  const made = await ask('POST', '/Users', {
    schemas,
    userName: 'carl@house.example',
    name: { givenName: 'Carl', familyName: 'Court' },
    emails: [{ primary: true, value: 'carl@house.example', type: 'work' }],
    displayName: '',
    locale: 'en-US',
    externalId: '00u1',
    groups: [],
    password: 'a password that nobody keeps',
    active: true,
  });
  expect(made.body).toMatchObject({ displayName: 'Carl Court', roles: [] });
  const { id } = made.body;
  const put = await ask('PUT', `/Users/${id}`, { ...made.body, displayName: 'Carl C. Court' });
  expect(put.body.displayName).toBe('Carl C. Court');
  const off = await patch(`/Users/${id}`, { op: 'replace', value: { active: false } });
  expect(off.body.active).toBe(false);
});

test('what is the same is not recorded again', async () => {
  const id = await made('dora');
  const acts = async () => (await app.json('GET', `/api/v1/audit?subjectId=${id}`)).body.items.length;
  const before = await acts();
  expect((await ask('PUT', `/Users/${id}`, entraUser('dora'))).status).toBe(200);
  expect((await patch(`/Users/${id}`, { op: 'replace', path: 'active', value: true })).status).toBe(200);
  expect(await acts()).toBe(before);
});

test('two people of one name are both taken over, and can be told apart', async () => {
  const first = await made('ellen');
  const second = await ask('POST', '/Users', {
    schemas,
    userName: 'ellen2@house.example',
    displayName: 'ellen Example',
  });
  expect(second.body.displayName).toBe('ellen Example (ellen2@house.example)');
  expect((await ask('GET', `/Users/${first}`)).body.displayName).toBe('ellen Example');
});

test('a member who was invited is found by their address and taken over', async () => {
  const { body } = await app.json('POST', '/api/v1/member-invitations', {
    roles: ['author'],
    email: 'fred@house.example',
  });
  await app.json('POST', `/api/v1/join-team/${body.token}`, { name: 'Fred', password: 'correct horse battery staple' });
  const [found] = (await find('userName eq "fred@house.example"')).body.Resources;
  const taken = await patch(`/Users/${found.id}`, { op: 'add', value: { externalId: 'entra-fred' } });
  expect(taken.body).toMatchObject({ externalId: 'entra-fred', roles: [{ value: 'author' }] });
});

test('whoever is deactivated or removed loses HTTP and sockets within a second', async () => {
  const session = await makeSession(app, await makePersona(app));
  const ends = [
    (id: string) => patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' }),
    (id: string) => ask('DELETE', `/Users/${id}`),
  ];
  for (const end of ends) {
    const member = await makeMember(app, `Gone ${randomUUID().slice(0, 8)}`, ['administrator']);
    const reader = await readBySocket(app, session, member.headers);
    expect((await end(member.id)).status).toBeLessThan(300);
    await reader.until((seen) => seen.ended, 1000);
    // Locally nobody signed in is the owner, so what tells is who answers.
    const me = await app.json('GET', '/api/v1/me', undefined, member.headers);
    expect(me.body.userId).not.toBe(member.id);
  }
});

test('a removed user is gone, and may come again', async () => {
  const id = await made('hugo');
  expect((await ask('DELETE', `/Users/${id}`)).status).toBe(204);
  expect((await ask('DELETE', `/Users/${id}`)).body).toMatchObject({ status: '404' });
  expect(await made('hugo')).not.toBe(id);
});

test('groups are teams: Entra ID and Okta add and remove members', async () => {
  const [ida, jan] = [await made('ida'), await made('jan')];
  const group = await ask('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    externalId: 'group-1',
    displayName: 'Ward 3',
  });
  expect(group.status).toBe(201);
  const path = `/Groups/${group.body.id}`;
  const inside = (answer: { body: { members: { value: string }[] } }) => answer.body.members.map((m) => m.value).sort();
  const both = [ida, jan].sort();
  const add = { op: 'Add', path: 'members', value: both.map((value) => ({ value })) };
  expect(inside(await patch(path, add))).toEqual(both);
  expect(inside(await patch(path, add))).toEqual(both);
  expect((await app.json('GET', `/api/v1/members/${ida}`)).body.teams).toMatchObject([{ name: 'Ward 3' }]);
  expect(inside(await patch(path, { op: 'Remove', path: 'members', value: [{ value: ida }] }))).toEqual([jan]);
  expect(inside(await patch(path, { op: 'remove', path: `members[value eq "${jan}"]` }))).toEqual([]);
  const replaced = await patch(path, { op: 'replace', value: { displayName: 'Ward 4', members: [{ value: ida }] } });
  expect([replaced.body.displayName, inside(replaced)]).toEqual(['Ward 4', [ida]]);
  expect((await ask('GET', '/Groups?excludedAttributes=members')).body.Resources[0].members).toBeUndefined();
  expect((await find('displayName eq "ward 4"', 'Groups')).body.Resources).toHaveLength(1);
  expect((await find('externalId eq "group-1"', 'Groups')).body.Resources).toHaveLength(1);
  const unknown = await patch(path, { op: 'add', path: 'members', value: [{ value: randomUUID() }] });
  expect(unknown.body).toMatchObject({ status: '400', scimType: 'invalidValue' });
  expect((await ask('DELETE', path)).status).toBe(204);
  expect((await ask('GET', path)).status).toBe(404);
});

test('changes of one group at once do not undo each other', async () => {
  const ids = await Promise.all(['kim', 'lea', 'mia', 'nil'].map(made));
  const { body } = await ask('POST', '/Groups', { displayName: 'Night' });
  const add = (value: string) => patch(`/Groups/${body.id}`, { op: 'add', path: 'members', value: [{ value }] });
  await Promise.all(ids.map(add));
  expect((await ask('GET', `/Groups/${body.id}`)).body.members).toHaveLength(4);
});

test('a group with the name of a role gives that role, and takes it', async () => {
  const { body: user } = await ask('POST', '/Users', { schemas, userName: 'olaf@house.example' });
  const { body: group } = await ask('POST', '/Groups', { displayName: 'Supervisor', members: [{ value: user.id }] });
  const roles = async () => (await app.json('GET', `/api/v1/members/${user.id}`)).body.roles;
  expect(await roles()).toEqual(['supervisor']);
  await patch(`/Groups/${group.id}`, { op: 'remove', path: 'members' });
  expect(await roles()).toEqual([]);
});

test('a directory reaches no owner, makes none, and gives nothing its key’s maker lacks', async () => {
  const [olga] = (await find('userName eq "Olga"')).body.Resources;
  expect((await patch(`/Users/${olga.id}`, { op: 'replace', path: 'active', value: false })).body.status).toBe('403');
  expect((await ask('DELETE', `/Users/${olga.id}`)).status).toBe(403);
  const owner = await ask('POST', '/Users', { ...entraUser('paul'), roles: [{ value: 'owner' }] });
  expect(owner.status).toBe(403);
  const unknown = await ask('POST', '/Users', { ...entraUser('paul'), roles: [{ value: 'king' }] });
  expect(unknown.body).toMatchObject({ status: '400', scimType: 'invalidValue' });
  const role = await app.json('POST', '/api/v1/roles', {
    name: 'Registrar',
    permissions: ['members.provision', 'api-keys.own'],
  });
  const registrar = await makeMember(app, 'Rita', [role.body.id]);
  const key = await app.json(
    'POST',
    '/api/v1/api-keys',
    { name: 'Small', scopes: ['members.provision'] },
    registrar.headers,
  );
  const small = { authorization: `Bearer ${key.body.key}` };
  expect((await ask('POST', '/Users', entraUser('quin'), small)).status).toBe(403);
  expect((await ask('POST', '/Users', { ...entraUser('quin'), roles: [] }, small)).status).toBe(201);
});

test('nobody comes in under an address that somebody else only claimed', async () => {
  await app.db.everywhere.exec(`insert into login (id, email, name) values ($1, 'sara@house.example', 'Claim')`, [
    randomUUID(),
  ]);
  expect((await ask('POST', '/Users', entraUser('sara'))).body).toMatchObject({ scimType: 'uniqueness' });
  await app.db.everywhere.exec(`update login set email_verified = true where email = 'sara@house.example'`);
  await made('sara');
});

test('without the permission, and without a key, it answers in SCIM’s form', async () => {
  const key = await app.json('POST', '/api/v1/api-keys', { name: 'Other', scopes: ['members.read', 'members.manage'] });
  const other = { authorization: `Bearer ${key.body.key}` };
  expect((await ask('GET', '/Users', undefined, other)).body).toMatchObject({ status: '403' });
  const unknown = await ask('GET', '/Users', undefined, { authorization: 'Bearer rk_unknown' });
  expect(unknown.body).toMatchObject({ schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], status: '401' });
});

test.each([
  ['no user name', { schemas }, 'invalidValue'],
  ['an address that is none', { schemas, userName: 'x', emails: [{ value: 'nowhere' }] }, 'invalidValue'],
])('a user with %s is refused', async (_what, body, scimType) => {
  expect((await ask('POST', '/Users', body)).body).toMatchObject({ status: '400', scimType });
});
