import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { readBySocket, readBySse, types } from '../../test/readers.ts';
import { grave, talking } from '../../test/talking.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let other: TestApp;
let persona: string;
let org: string;
let finn: TestMember;
let { post, untilEvent } = {} as ReturnType<typeof talking>;

beforeAll(async () => {
  app = await startTestApp();
  other = await app.second();
  ({ post, untilEvent } = talking(app));
  persona = await makePersona(app);
  org = (await app.json('GET', '/api/v1/me')).body.organisation.id;
  finn = await makeMember(app, 'Finn', ['facilitator']);
});
afterAll(async () => {
  await other?.close();
  await app?.close();
});

/** The organisation's own room. */
const team = (): TestSession => ({ id: org, roomId: org, client: { authorization: '' } });
const follow = (server: TestApp, as: Record<string, string> = {}) => readBySocket(server, team(), as);
const policy = { policy: 'auto', delaySeconds: 1, reviewSeconds: 600, pages: 0, fallbackEmail: null };

test('news 1: a list of the team that changes is told to who may see what it changed by, on every server', async () => {
  const readers = [await follow(app), await follow(other)];
  const stranger = await follow(app, finn.headers);
  const session = await makeSession(app, persona, { policy: 'approve' });
  await post(session, 'Hello');
  for (const reader of readers) await reader.until(({ news }) => news.includes('reviews') && news.includes('sessions'));
  await post(session, grave);
  for (const reader of readers) await reader.until(({ news }) => news.includes('escalations'));
  // Of a client that is assigned to him he is told; of nothing before it.
  const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Kit' });
  await app.json('PUT', `/api/v1/clients/${client.id}/assignments`, { memberIds: [finn.id], teamIds: [] });
  expect(stranger.news).toEqual([]);
  stranger.close();
  const assigned = await follow(app, finn.headers);
  const own = await makeSession(app, persona, { clientId: client.id, policy: 'approve' });
  await post(own, 'Hello');
  await assigned.until(({ news }) => news.includes('reviews'));
  for (const reader of [...readers, assigned]) reader.close();
});

test('news 2: a change of the rung is told to open pages: of a client in its sessions, of the organisation in its own room', async () => {
  const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Lou' });
  const session = await makeSession(app, persona, { clientId: client.id });
  const [room, house] = [await readBySocket(app, session, 'staff'), await follow(other)];
  await app.json('PATCH', `/api/v1/clients/${client.id}`, { policy: 'approve' });
  await untilEvent(session, 'policy.changed');
  await room.until((seen) => types(seen).includes('policy.changed'));
  expect(room.events.at(-1)).toMatchObject({ audience: 'staff', data: { policy: 'approve', rung: 'approve' } });
  await app.json('PUT', '/api/v1/organisation/supervision', { ...policy, policy: 'delayed' });
  await house.until((seen) => types(seen).includes('policy.changed'));
  expect(house.events.at(-1)).toMatchObject({ actor: { name: 'Olga' }, data: { policy: 'delayed', rung: 'delayed' } });
  await app.json('PUT', '/api/v1/organisation/supervision', policy);
  room.close();
  house.close();
});

test('news 2b: what is set about safety is told to open pages of the team, without what it is', async () => {
  const house = await follow(other);
  const { settings } = (await app.json('GET', '/api/v1/safety')).body;
  const { status } = await app.json('PUT', '/api/v1/safety', { ...settings, emotionInference: true });
  expect(status).toBe(200);
  await house.until((seen) => types(seen).includes('safety.changed'));
  expect(house.events.at(-1)).toMatchObject({ audience: 'staff', actor: { name: 'Olga' }, data: {} });
  await app.json('PUT', '/api/v1/safety', settings);
  house.close();
});

test('news 3: the room of the organisation is for the team that follows sessions, and for no client', async () => {
  const session = await makeSession(app, persona);
  await expect(follow(app, session.client)).rejects.toThrow('denied');
  const author = await makeMember(app, 'Ada', ['author']);
  await expect(follow(app, author.headers)).rejects.toThrow('denied');
  await expect(readBySse(app, team(), author.headers)).rejects.toThrow('403');
  await expect(readBySse(app, team(), session.client)).rejects.toThrow('404');
});
