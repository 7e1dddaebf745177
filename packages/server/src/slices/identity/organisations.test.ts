import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, startTestApp, type TestApp } from '../../test/app.ts';
import { joinTeam, makeMember, type TestMember } from '../../test/team.ts';
import { createIdentityService } from './service.ts';

const password = 'correct horse battery staple';

let app: TestApp;
let server: TestApp;
let zoe: TestMember;

beforeAll(async () => {
  app = await startTestApp();
  await app.json('PUT', '/api/v1/me/password', { password });
  server = await app.second({ localMode: false });
  const added = await identity().addOrganisation('Second  House & Söhne', null);
  expect(added.slug).toBe('second-house-sohne');
  zoe = await joinTeam(app, added.token, 'Zoe');
});
afterAll(async () => {
  await server.close();
  await app.close();
});

const identity = () => createIdentityService(app);
const signIn = (body: object) => server.json('POST', '/api/v1/sign-in', { password, ...body });

test('a further organisation has an owner of its own, who sees nothing of the first', async () => {
  const me = await server.json('GET', '/api/v1/me', undefined, zoe.headers);
  expect(me.body).toMatchObject({
    name: 'Zoe',
    roles: ['owner'],
    organisation: { name: 'Second  House & Söhne', slug: 'second-house-sohne' },
  });
  const persona = await makePersona(app);
  expect((await server.json('GET', `/api/v1/personas/${persona}`, undefined, zoe.headers)).status).toBe(404);
  expect((await server.json('GET', '/api/v1/members', undefined, zoe.headers)).body.items).toHaveLength(1);
  const made = await server.json('POST', '/api/v1/clients', { name: 'theirs' }, zoe.headers);
  expect(made.status).toBe(201);
  expect((await app.json('GET', '/api/v1/clients')).body.items).toEqual([]);
});

test('local mode belongs to the first organisation', async () => {
  expect((await app.json('GET', '/api/v1/me')).body).toMatchObject({
    name: 'Olga',
    organisation: { slug: 'test-house' },
  });
  expect((await app.json('GET', '/api/v1/setup')).body).toMatchObject({ needed: false, severalOrganisations: true });
  expect((await app.json('POST', '/api/v1/setup', { ownerName: 'X', organisation: 'Y' })).body.code).toBe(
    'already-set-up',
  );
});

test('with several organisations the sign-in names one, and a name counts only there', async () => {
  const unnamed = await signIn({ name: 'Olga' });
  expect([unnamed.status, unnamed.body.errors[0].pointer]).toEqual([400, '/organisation']);
  expect((await signIn({ name: 'Olga', organisation: 'Test-House' })).body).toEqual({ secondFactor: false });
  expect((await signIn({ name: 'Olga', organisation: 'second-house-sohne' })).body.code).toBe('wrong-password');
  expect((await signIn({ name: 'Olga', organisation: 'no-such' })).body.code).toBe('wrong-password');
});

test('the same name and address may exist in both organisations', async () => {
  await makeMember(app, 'Sam', ['author']);
  const invited = await server.json(
    'POST',
    '/api/v1/member-invitations',
    { roles: ['author'], email: 'sam@example.org' },
    zoe.headers,
  );
  await joinTeam(app, invited.body.token, 'Sam');
  expect((await signIn({ name: 'SAM@example.org', organisation: 'second-house-sohne' })).status).toBe(200);
  expect((await signIn({ name: 'SAM@example.org', organisation: 'test-house' })).status).toBe(401);
});

test('the command line lists organisations and sets a password of one of them', async () => {
  const listed = await identity().listOrganisations();
  expect(listed.map(({ slug, members }) => [slug, members])).toEqual([
    ['test-house', 2],
    ['second-house-sohne', 2],
  ]);
  const next = 'another long password';
  await identity().setOwnerPassword(next, 'second-house-sohne');
  expect((await signIn({ name: 'Zoe', organisation: 'second-house-sohne', password: next })).status).toBe(200);
  await expect(identity().setOwnerPassword(next, 'no-such')).rejects.toThrow('There is no organisation no-such.');
});

test('two organisations of one name have different short names', async () => {
  const added = await identity().addOrganisation('Test House', 'owner@example.org');
  expect(added.slug).toMatch(/^test-house-\w{6}$/);
  expect((await app.json('GET', `/api/v1/join-team/${added.token}`)).body.email).toBe('owner@example.org');
});
