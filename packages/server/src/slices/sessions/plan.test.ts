import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { until } from '../../test/talking.ts';
import { makeMember, type TestMember } from '../../test/team.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let personaId: string;
let clientId: string;
const team = {} as Record<'ann' | 'ben' | 'cleo' | 'vera', TestMember>;

const url = (path: string) => `/api/v1${path}`;
const at = ({ id }: TestSession, what: string) => url(`/sessions/${id}/${what}`);
const begin = (more: object = {}) => makeSession(app, personaId, { clientId, ...more });
const eventsOf = async (session: TestSession, headers?: Record<string, string>) =>
  (await app.json('GET', url(`/rooms/${session.roomId}/events?limit=1000`), undefined, headers)).body.events as {
    type: string;
    data: Record<string, unknown>;
  }[];
const tellsOf = (session: TestSession, type: string) =>
  until(async () => (await eventsOf(session, session.client)).find((event) => event.type === type), type);
const timeIsOver = (session: TestSession) =>
  app.db.everywhere.exec(`update session set timer_ends_at = now() where id = $1`, [session.id]);

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('words-5'));
  personaId = await makePersona(app);
  clientId = (await app.json('POST', url('/clients'), { name: 'Robin' })).body.id;
  for (const [name, role] of [
    ['ann', 'facilitator'],
    ['ben', 'facilitator'],
    ['cleo', 'facilitator'],
    ['vera', 'analyst'],
  ] as const)
    team[name] = await makeMember(app, name, [role]);
  await app.json('PUT', url(`/clients/${clientId}/assignments`), {
    memberIds: [team.ann.id, team.ben.id, team.vera.id],
  });
});
afterAll(() => app?.close());

test('both sides see until when a session is planned; when the time is over both are told, and nothing ends by itself', async () => {
  const session = await begin();
  const { timer } = (await app.json('PUT', at(session, 'timer'), { minutes: 50 })).body;
  expect(timer).toMatchObject({ minutes: 50, closes: false });
  const view = async () => (await app.json('GET', at(session, 'client-view'), undefined, session.client)).body;
  expect((await view()).endsAt).toBe(timer.endsAt);
  await timeIsOver(session);
  await tellsOf(session, 'session.time-up');
  expect((await view()).status).toBe('active');
  expect((await app.json('PUT', at(session, 'timer'), { minutes: null })).body.timer).toBeNull();
  expect((await view()).endsAt).toBeNull();
  for (const minutes of [0, 1441, 1.5])
    expect((await app.json('PUT', at(session, 'timer'), { minutes })).status).toBe(400);
});

test('a session ends with its time where that was chosen; told once, also by two servers', async () => {
  const other = await app.second();
  const session = await begin();
  await app.json('PUT', at(session, 'timer'), { minutes: 1, closes: true });
  await timeIsOver(session);
  await tellsOf(session, 'session.ended');
  await other.close();
  const types = (await eventsOf(session)).map(({ type }) => type);
  expect(types.filter((type) => type === 'session.time-up' || type === 'session.ended')).toEqual([
    'session.time-up',
    'session.ended',
  ]);
  expect((await app.json('PUT', at(session, 'timer'), { minutes: 5 })).body.code).toBe('session-ended');
});

test('goals of a session are the client’s own, and stand first in what the persona is told', async () => {
  const goalIds: string[] = [];
  for (const title of ['canary-first', 'canary-second'])
    goalIds.push((await app.json('POST', url(`/clients/${clientId}/goals`), { title })).body.id);
  const stranger = (await app.json('POST', url('/clients'), { name: 'Other' })).body.id;
  const foreign = (await app.json('POST', url(`/clients/${stranger}/goals`), { title: 'Not theirs' })).body.id;
  const session = await begin();
  expect((await app.json('PUT', at(session, 'goals'), { goalIds: [foreign] })).status).toBe(400);
  const chosen = (await app.json('PUT', at(session, 'goals'), { goalIds: [goalIds[0]] })).body.goals;
  expect(chosen.map((goal: { title: string }) => goal.title)).toEqual(['canary-first']);
  const before = upstream.requests.length;
  await app.json('POST', at(session, 'messages'), { text: 'Hello' }, session.client);
  await tellsOf(session, 'reply.completed');
  const prompt = JSON.stringify(upstream.requests.slice(before));
  const order = ['Goals of this session:', 'canary-first', 'Goals of the client:', 'canary-second'];
  const places = order.map((text) => prompt.indexOf(text));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(-1);
  expect(JSON.stringify(await eventsOf(session, session.client))).not.toContain('session.goals');
});

test('how a session went is said after its end, and changed; the client never reads it', async () => {
  const session = await begin();
  await app.json('POST', at(session, 'end'));
  const rating = { effectiveness: 7, engagement: 9, progress: 1, sentence: 'canary-sentence' };
  expect((await app.json('PUT', at(session, 'rating'), rating)).body.rating).toEqual(rating);
  const better = { ...rating, progress: 10 };
  expect((await app.json('PUT', at(session, 'rating'), better)).body.rating).toEqual(better);
  for (const progress of [0, 11, 1.5])
    expect((await app.json('PUT', at(session, 'rating'), { ...rating, progress })).status).toBe(400);
  expect((await app.json('GET', at(session, 'plan'), undefined, session.client)).status).toBe(404);
  const seen = JSON.stringify([
    await eventsOf(session, session.client),
    (await app.json('GET', at(session, 'client-view'), undefined, session.client)).body,
    (await app.json('GET', at(session, 'messages'), undefined, session.client)).body,
  ]);
  expect(seen).not.toMatch(/canary-sentence|session\.rated/);
});

test('a session goes to a colleague who may see the client and run it; both are told, with a note for the team', async () => {
  const session = await begin();
  await app.json('POST', at(session, 'takeover'), undefined, team.ann.headers);
  const hand = (userId: string, by = team.ann) =>
    app.json('POST', at(session, 'transfer'), { userId, note: 'Please go on from here.' }, by.headers);
  // Cleo does not look after the client; Vera does, but runs no sessions.
  for (const wrong of [team.cleo.id, team.vera.id, clientId]) expect((await hand(wrong)).status).toBe(400);
  expect((await hand(team.ben.id, team.cleo)).status).toBe(404);
  for (const name of ['ann', 'ben'] as const)
    await app.db.everywhere.exec('update app_user set email = $2 where id = $1', [
      team[name].id,
      `${name}@house.example`,
    ]);
  const first = await app.json('POST', at(session, 'transfer'), { userId: team.ann.id });
  expect(first.body.facilitator).toEqual({ id: team.ann.id, name: 'ann' });
  const { status, body } = await hand(team.ben.id);
  expect([status, body.facilitator]).toEqual([200, { id: team.ben.id, name: 'ben' }]);
  const [moved] = (await eventsOf(session)).filter(
    ({ type, data }) => type === 'session.transferred' && data['to'] === 'ben',
  );
  expect(moved?.data).toEqual({ fromId: team.ann.id, toId: team.ben.id, to: 'ben' });
  expect(JSON.stringify(await eventsOf(session, session.client))).not.toContain('session.transferred');
  const row = await app.db.everywhere.one<{ by: string }>('select taken_over_by as by from session where id = $1', [
    session.id,
  ]);
  expect(row.by).toBe(team.ben.id);
  const [note] = (await app.json('GET', at(session, 'notes'), undefined, team.ben.headers)).body.items;
  expect(note).toMatchObject({ kind: 'shared', text: 'Please go on from here.', author: { name: 'ann' } });
  const mail = await until(async () => {
    const text = JSON.stringify((await app.json('GET', url('/mailbox'))).body);
    return text.includes('A session of yours was handed') && text.includes('ben@house.example') && text;
  }, 'letters to both');
  expect(mail).toContain('A session was handed to you');
  expect(mail).not.toContain('Please go on');
  const audit = JSON.stringify((await app.json('GET', url(`/audit?subjectId=${session.id}`))).body);
  expect(audit).toContain('session.transferred');
});

test.each(['auto', 'delayed', 'approve', 'draft-only', 'takeover', 'off'] as const)(
  'under %s a reply is begun anew where a persona writes, and refused where none does',
  async (rung) => {
    const session = await begin();
    await app.json('POST', at(session, 'messages'), { text: 'Hello' }, session.client);
    await tellsOf(session, 'reply.completed');
    await app.json('PUT', at(session, 'policy'), { policy: rung });
    const { status, body } = await app.json('POST', at(session, 'regenerate'));
    if (rung === 'takeover' || rung === 'off') {
      expect([status, body.code]).toEqual([409, 'wrong-state']);
      return;
    }
    expect(status).toBe(202);
    const messages = async () => (await app.json('GET', at(session, 'messages'), undefined, session.client)).body.items;
    if (rung !== 'auto') {
      await until(
        async () => (await app.json('GET', url(`/reviews/${body.replyId}`))).body.state === 'waiting',
        'the draft to wait',
      );
      // The client keeps what they had read until a person decides.
      expect((await messages()).map((m: { replyId: string | null }) => m.replyId)).not.toContain(body.replyId);
      expect((await app.json('POST', at(session, 'regenerate'))).body.code).toBe('wrong-state');
      const { revision } = (await app.json('GET', url(`/reviews/${body.replyId}`))).body;
      expect((await app.json('POST', url(`/reviews/${body.replyId}/release`), { revision })).status).toBe(200);
    }
    await until(async () => (await messages()).at(-1).replyId === body.replyId, 'the new reply');
    expect((await messages()).filter((m: { author: string }) => m.author !== 'client')).toHaveLength(1);
  },
);
