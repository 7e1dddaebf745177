import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { readBySocket, readBySse } from '../../test/readers.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let other: TestApp;
let personaId: string;
let finn: TestMember;
let gail: TestMember;
let teamId: string;
/** Anna is Finn's, Ben is the team's, to which Gail belongs, Cleo is nobody's. */
const clients = { anna: '', ben: '', cleo: '' };
const sessions = {} as Record<keyof typeof clients, TestSession>;

const names = (answer: { body: { items: { name?: string; title?: string }[] } }) =>
  answer.body.items.map((item) => item.name ?? item.title);
const as = (member: TestMember, method: string, path: string, body?: unknown, server = app) =>
  server.json(method, `/api/v1${path}`, body, member.headers);
const assign = (clientId: string, body: object) => app.json('PUT', `/api/v1/clients/${clientId}/assignments`, body);

beforeAll(async () => {
  app = await startTestApp();
  other = await app.second();
  personaId = await makePersona(app);
  [finn, gail] = await Promise.all([
    makeMember(app, 'Finn', ['facilitator']),
    makeMember(app, 'Gail', ['facilitator', 'author']),
  ]);
  for (const name of ['anna', 'ben', 'cleo'] as const) {
    clients[name] = (await app.json('POST', '/api/v1/clients', { name })).body.id;
    sessions[name] = await makeSession(app, personaId, { clientId: clients[name], title: `With ${name}` });
  }
  teamId = (await app.json('POST', '/api/v1/teams', { name: 'West' })).body.id;
  await app.json('PUT', `/api/v1/teams/${teamId}/members`, { memberIds: [gail.id] });
  await assign(clients.anna, { memberIds: [finn.id] });
  await assign(clients.ben, { teamIds: [teamId] });
});
afterAll(async () => {
  await other.close();
  await app.close();
});

test('one sees the clients assigned to oneself or one’s team, and their sessions; lists and search tell of no other', async () => {
  expect(names(await as(finn, 'GET', '/clients'))).toEqual(['anna']);
  expect(names(await as(gail, 'GET', '/clients'))).toEqual(['ben']);
  expect(names(await as(finn, 'GET', '/clients?q=n'))).toEqual(['anna']);
  expect(names(await as(finn, 'GET', '/sessions'))).toEqual(['With anna']);
  expect(names(await as(gail, 'GET', '/sessions?q=with'))).toEqual(['With ben']);
  expect(names(await as(finn, 'GET', `/sessions?clientId=${clients.ben}`))).toEqual([]);
  expect(names(await app.json('GET', '/api/v1/clients'))).toEqual(['cleo', 'ben', 'anna']);
});

test('what is another’s is answered exactly like what does not exist, whatever is asked of it', async () => {
  const { id, roomId } = sessions.ben;
  const { replyId } = (
    await app.json('POST', `/api/v1/sessions/${id}/messages`, { text: 'Hello' }, sessions.ben.client)
  ).body;
  const invitation = (await app.json('GET', `/api/v1/sessions/${id}/invitations`)).body.items[0].id;
  const asked: [string, (id: string, roomId: string, clientId: string) => string, object?][] = [
    ['GET', (_s, _r, c) => `/clients/${c}`],
    ['PATCH', (_s, _r, c) => `/clients/${c}`, { name: 'Mine' }],
    ['GET', (_s, _r, c) => `/clients/${c}/assignments`],
    ['GET', (s) => `/sessions/${s}`],
    ['GET', (s) => `/sessions/${s}/client-view`],
    ['GET', (s) => `/sessions/${s}/messages`],
    ['POST', (s) => `/sessions/${s}/messages`, { text: 'x' }],
    ['GET', (s) => `/sessions/${s}/replies`],
    ['POST', (s) => `/sessions/${s}/replies/${replyId}/stop`],
    ['POST', (s) => `/sessions/${s}/regenerate`],
    ['POST', (s) => `/sessions/${s}/guidance`, { text: 'x' }],
    ...(['pause', 'resume', 'takeover', 'handback', 'end'] as const).map((act): [string, (id: string) => string] => [
      'POST',
      (s) => `/sessions/${s}/${act}`,
    ]),
    ['GET', (s) => `/sessions/${s}/export?format=json`],
    ['GET', (s) => `/sessions/${s}/invitations`],
    ['POST', (s) => `/sessions/${s}/invitations`, {}],
    ['DELETE', (s) => `/sessions/${s}/invitations/${invitation}`],
    ['GET', (_s, r) => `/rooms/${r}/events`],
    ['POST', (_s, r) => `/rooms/${r}/messages`, { text: 'x' }],
  ];
  for (const [method, path, body] of asked) {
    const [known, unknown] = await Promise.all([
      as(finn, method, path(id, roomId, clients.ben), body),
      as(finn, method, path(randomUUID(), randomUUID(), randomUUID()), body),
    ]);
    expect([method, path('S', 'R', 'C'), known.status]).toEqual([method, path('S', 'R', 'C'), 404]);
    expect({ ...known.body, instance: '' }).toEqual({ ...unknown.body, instance: '' });
  }
  expect((await as(finn, 'POST', '/sessions', { personaId, clientId: clients.ben })).status).toBe(404);
  await expect(readBySocket(app, sessions.ben, finn.headers)).rejects.toThrow('denied: not-found');
  await expect(readBySse(app, sessions.ben, finn.headers)).rejects.toThrow('404');
  expect((await app.json('GET', `/api/v1/sessions/${id}`)).body.status).toBe('active');
});

test('whoever looks after a client does everything with their sessions', async () => {
  const { id } = sessions.ben;
  expect((await as(gail, 'GET', `/clients/${clients.ben}/assignments`)).body).toEqual({
    members: [],
    teams: [{ id: teamId, name: 'West' }],
  });
  expect((await as(gail, 'POST', `/sessions/${id}/takeover`)).status).toBe(200);
  expect((await as(gail, 'POST', `/sessions/${id}/messages`, { text: 'It is me' })).status).toBe(202);
  expect((await as(gail, 'POST', `/sessions/${id}/handback`)).status).toBe(200);
  expect((await as(gail, 'PUT', `/clients/${clients.ben}/assignments`, { memberIds: [] })).status).toBe(403);
});

test('a client one makes is one’s own; a session without a client is of whoever started it', async () => {
  const made = await as(finn, 'POST', '/clients', { name: 'dora' });
  expect(names(await as(finn, 'GET', '/clients'))).toEqual(['dora', 'anna']);
  expect((await as(gail, 'GET', `/clients/${made.body.id}`)).status).toBe(404);
  const rehearsal = await as(finn, 'POST', '/sessions', { personaId, title: 'Rehearsal' });
  expect((await as(finn, 'GET', `/sessions/${rehearsal.body.id}`)).status).toBe(200);
  expect((await as(gail, 'GET', `/sessions/${rehearsal.body.id}`)).status).toBe(404);
});

test('only members and teams of the organisation are given a client', async () => {
  const { status, body } = await assign(clients.cleo, { memberIds: [randomUUID()], teamIds: [randomUUID()] });
  expect([status, body.errors.map((e: { pointer: string }) => e.pointer)]).toEqual([400, ['/memberIds', '/teamIds']]);
});

test('a client given and taken is seen and unseen at once, live and on every server', async () => {
  await assign(clients.cleo, { memberIds: [finn.id] });
  expect((await as(finn, 'GET', `/clients/${clients.cleo}`, undefined, other)).status).toBe(200);
  const readers = await Promise.all([
    readBySocket(app, sessions.cleo, finn.headers),
    readBySocket(other, sessions.cleo, finn.headers),
    readBySse(other, sessions.cleo, finn.headers),
  ]);
  const { next } = (await as(finn, 'GET', `/rooms/${sessions.cleo.roomId}/events`)).body;
  const poll = as(finn, 'GET', `/rooms/${sessions.cleo.roomId}/events?after=${next}&wait=20`);
  await assign(clients.cleo, {});
  await Promise.all(readers.map((reader) => reader.until((seen) => seen.ended, 1000)));
  expect((await as(finn, 'GET', `/sessions/${sessions.cleo.id}`, undefined, other)).status).toBe(404);
  // A poll that waited does not answer with what came meanwhile.
  await app.json('POST', `/api/v1/sessions/${sessions.cleo.id}/messages`, { text: 'Psst' }, sessions.cleo.client);
  expect((await poll).status).toBe(404);
});

test('leaving a team takes its clients away, at once', async () => {
  const reader = await readBySocket(other, sessions.ben, gail.headers);
  await app.json('PUT', `/api/v1/teams/${teamId}/members`, { memberIds: [] });
  await reader.until((seen) => seen.ended, 1000);
  expect(names(await as(gail, 'GET', '/clients'))).toEqual([]);
  await app.json('PUT', `/api/v1/teams/${teamId}/members`, { memberIds: [gail.id] });
  expect(names(await as(gail, 'GET', '/clients'))).toEqual(['ben']);
  await app.json('DELETE', `/api/v1/teams/${teamId}`);
  expect(names(await as(gail, 'GET', '/clients'))).toEqual([]);
});
