import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { startCompromised, type Compromised } from '../../test/llm/compromised.ts';
import { talking } from '../../test/talking.ts';
import { findAnchors, deleteRows } from '../privacy/rows.store.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let personaId: string;
let clientId: string;
let finn: TestMember;

beforeAll(async () => {
  app = await startTestApp();
  personaId = await makePersona(app);
  clientId = (await app.json('POST', '/api/v1/clients', { name: 'Robin' })).body.id;
  finn = await makeMember(app, 'Finn', ['facilitator']);
});
afterAll(() => app?.close());

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  app.json(method, `/api/v1${path}`, body, headers);
const begin = async (more: object = {}): Promise<string> =>
  (await call('POST', `/clients/${clientId}/threads`, { name: 'Flying', ...more })).body.id;
const goal = async (title: string): Promise<string> =>
  (await call('POST', `/clients/${clientId}/goals`, { title })).body.id;

/** A session of the client in which they say this. */
async function say(texts: string[], more: object = {}) {
  const session = await makeSession(app, personaId, { clientId, ...more });
  for (const text of texts) {
    await talking(app).post(session, text);
    await talking(app).untilEvent(session, 'reply.completed', texts.indexOf(text) + 1);
  }
  return session;
}

test('the insight of a thread counts and quotes the sessions that continue it, and no other', async () => {
  const [served, chosen] = [await goal('Fly to Oslo'), await goal('Sleep before flights')];
  await goal('Another');
  const threadId = await begin({ goalIds: [served] });
  const first = await say(['The plane shakes and I hold on.', 'The plane is all I think of.'], { threadId });
  const second = await say(['I took the plane yesterday. It was short.'], { threadId });
  await say(['My garden needs water, my garden is dry.']);
  await call('PUT', `/sessions/${second.id}/goals`, { goalIds: [chosen] });
  await call('PUT', `/sessions/${second.id}/rating`, { effectiveness: 6, engagement: 8, progress: 5 });
  const asked = await call('POST', `/sessions/${second.id}/questionnaires`, { instrument: 'gad-7' });
  const answers = { answers: [1, 1, 1, 1, 1, 1, 1] };
  const answer = `/sessions/${second.id}/questionnaires/${asked.body.id}/answers`;
  expect((await call('POST', answer, answers, second.client)).status).toBe(204);
  const beside = { instrument: 'gad-7', answers: [2, 2, 2, 2, 2, 2, 2] };
  expect((await call('POST', `/clients/${clientId}/questionnaires`, beside)).status).toBe(201);
  const { status, body } = await call('GET', `/threads/${threadId}/insights`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ threadId, clientId });
  const ids = [first.id, second.id];
  expect(body.sessions.map((one: { sessionId: string }) => one.sessionId).sort()).toEqual([...ids].sort());
  expect(body.questionnaires).toMatchObject([{ instrument: 'gad-7', sessionId: second.id }]);
  expect(body.topics).toContainEqual({ word: 'plane', sessions: expect.arrayContaining(ids) });
  expect(JSON.stringify(body)).not.toMatch(/garden|Another/);
  expect(body.goals).toMatchObject([
    { goalId: chosen, sessions: [second.id] },
    { goalId: served, sessions: [] },
  ]);
  const rated = body.sessions.find((one: { sessionId: string }) => one.sessionId === second.id);
  expect(rated.rating).toMatchObject({ engagement: 8 });
  const each = await Promise.all(ids.map(async (id) => (await call('GET', `/sessions/${id}/insights`)).body));
  for (const side of ['client', 'persona', 'team'])
    expect(body.sides[side].words).toBe(each[0].sides[side].words + each[1].sides[side].words);
  // Word for word, and where it stands.
  const [quote] = body.quotes;
  expect(quote.sessionId).toBe(first.id);
  const { items } = (await call('GET', `/sessions/${first.id}/messages`)).body;
  const message = items.find(({ id }: { id: string }) => id === quote.messageId);
  expect(message.text.slice(quote.start, quote.end)).toBe(quote.text);
});

test('a thread without sessions has nothing to tell; one of another caseload is none', async () => {
  const threadId = await begin();
  expect((await call('GET', `/threads/${threadId}/insights`)).body).toMatchObject({
    sessions: [],
    quotes: [],
    goals: [],
  });
  const [hidden, none] = await Promise.all(
    [threadId, randomUUID()].map((id) => call('GET', `/threads/${id}/insights`, undefined, finn.headers)),
  );
  expect(hidden?.status).toBe(404);
  expect({ ...hidden?.body, instance: '' }).toEqual({ ...none?.body, instance: '' });
});

const toText = async (path: string) => (await app.fetch(`/api/v1${path}`, {})).text();

test('a report on a thread tells of its sessions, is approved by name, and goes with its client', async () => {
  const robin = (await call('POST', '/clients', { name: 'Robin Ro' })).body.id;
  const thread = await call('POST', `/clients/${robin}/threads`, { name: 'Trains' });
  const subject = { threadId: thread.body.id };
  const session = await makeSession(app, personaId, { clientId: robin, ...subject, title: 'On the train' });
  await talking(app).post(session, 'The train was late. The train was full.');
  await call('PUT', `/sessions/${session.id}/rating`, { effectiveness: 6, engagement: 8, progress: 5 });
  await makeSession(app, personaId, { clientId: robin, title: 'Elsewhere' });
  const { status, body: report } = await call('POST', '/reports', subject);
  expect([status, report]).toMatchObject([201, { ...subject, clientId: robin, title: 'Report: Trains' }]);
  const rated = report.sections.find((one: { heading: string }) => one.heading === 'How the sessions went');
  const [place] = rated.places;
  expect(place).toMatchObject({ sessionId: session.id, title: 'On the train' });
  const event = (await talking(app).eventsOf(session)).find(({ seq }) => seq === place.seqs[0]);
  expect(event?.type).toBe('session.rated');
  const path = `/reports/${report.id}`;
  expect((await call('POST', `${path}/approve`, { revision: report.revision })).body.status).toBe('approved');
  const markdown = await toText(`${path}/export?format=markdown`);
  expect(markdown).toContain(`Rests on events ${place.seqs[0]} of the log of “On the train”`);
  expect(markdown).toMatch(/Approved by Olga/);
  expect(markdown).not.toContain('Elsewhere');
  expect((await toText(`${path}/export?format=pdf`)).slice(0, 5)).toBe('%PDF-');
  const idsOf = async (query: string) =>
    (await call('GET', `/reports?${query}`)).body.items.map(({ id }: { id: string }) => id);
  expect(await idsOf(`threadId=${subject.threadId}`)).toEqual([report.id]);
  expect(await idsOf(`clientId=${robin}`)).toEqual([]);
  for (const [method, at, body] of [
    ['GET', path, undefined],
    ['GET', `/reports?threadId=${subject.threadId}`, undefined],
    ['POST', '/reports', subject],
    ['POST', '/insights/summary', subject],
  ] as const)
    expect((await call(method, at, body, finn.headers)).status, `${method} ${at}`).toBe(404);
  expect((await call('POST', '/reports', { ...subject, clientId: robin })).status).toBe(400);
  const erased = await call('POST', '/privacy/erasures', {
    subject: { kind: 'client', id: robin },
    confirm: 'Robin Ro',
  });
  expect(erased.body.status).toBe('done');
  expect((await call('GET', path)).status).toBe(404);
});

test('a thread that somebody reported on stays', async () => {
  const threadId = await begin();
  const { body } = await call('POST', '/reports', { threadId });
  expect((await call('DELETE', `/threads/${threadId}`)).body.code).toBe('in-use');
  await call('DELETE', `/reports/${body.id}`);
  expect((await call('DELETE', `/threads/${threadId}`)).status).toBeLessThan(300);
});

describe('what a model says of several sessions', () => {
  let upstream: Compromised;
  let kit: string;
  let threadId: string;
  let sessions: Awaited<ReturnType<typeof say>>[];
  const point = (text: string, quote: string) => ({ text, quote });
  const answers = (...points: object[]) => upstream.says(JSON.stringify({ points }));

  beforeAll(async () => {
    upstream = await startCompromised();
    kit = (await call('POST', '/clients', { name: 'Kit' })).body.id;
    threadId = (await call('POST', `/clients/${kit}/threads`, { name: 'Sailing' })).body.id;
    sessions = [];
    for (const text of ['I bought a small boat.', 'The boat leaks a little.']) {
      const session = await makeSession(app, personaId, { clientId: kit, threadId, title: text.slice(0, 12) });
      await talking(app).post(session, text);
      await talking(app).untilEvent(session, 'reply.completed');
      sessions.push(session);
    }
    const other = await makeSession(app, personaId, { clientId: kit });
    await talking(app).post(other, 'My knee hurts.');
    await talking(app).untilEvent(other, 'reply.completed');
    await call('POST', '/providers', { kind: 'openai', baseUrl: upstream.url, model: 'm', apiKey: 'k' });
  });
  afterAll(() => upstream?.close());

  test('names the session of each quote, and is read beside the numbers with who asked', async () => {
    answers(
      point('It leaks.', 'The boat leaks'),
      point('Has a boat.', 'I bought a small boat'),
      point('Sank.', 'it sank'),
    );
    const made = await call('POST', '/insights/summary', { threadId });
    expect([made.status, made.body]).toMatchObject([
      200,
      {
        leftOut: 1,
        engine: { model: 'm' },
        askedBy: { name: 'Olga' },
        points: [
          { sessionId: sessions[0]?.id, text: 'Has a boat.', quote: 'I bought a small boat' },
          { sessionId: sessions[1]?.id, text: 'It leaks.', quote: 'The boat leaks' },
        ],
      },
    ]);
    const { content } = upstream.received.at(-1)?.body.messages.at(-1) ?? { content: '' };
    expect(content).toContain('The boat leaks');
    expect(content).not.toContain('knee');
    expect((await call('GET', `/threads/${threadId}/insights`)).body.summary).toEqual(made.body);
    expect((await call('GET', `/clients/${kit}/insights`)).body.summary).toBeNull();
    const { body: log } = await call('GET', '/audit?act=insight.summarised');
    expect(JSON.stringify(log.items[0])).toContain(threadId);
  });

  test('a client’s covers all sessions; asked again, it takes the place of the one before', async () => {
    answers(point('Knee.', 'My knee hurts'), point('Boat.', 'I bought a small boat'));
    await call('POST', '/insights/summary', { clientId: kit });
    answers(point('The knee hurts.', 'My knee hurts'));
    const { body: report } = await call('POST', '/reports', { clientId: kit, summarise: true });
    expect(report.sections[0]).toMatchObject({ kind: 'ai', text: 'The knee hurts. (“My knee hurts”)', seqs: [] });
    expect(report.sections[0].places).toHaveLength(1);
    const { summary } = (await call('GET', `/clients/${kit}/insights`)).body;
    expect(summary.points).toMatchObject([{ text: 'The knee hurts.' }]);
    answers(point('Nothing true.', 'never written'));
    expect((await call('POST', '/insights/summary', { clientId: kit })).body.code).toBe('provider-failed');
    expect((await call('GET', `/clients/${kit}/insights`)).body.summary).toEqual(summary);
    const path = `/insights/${summary.id}`;
    expect((await call('DELETE', path, undefined, finn.headers)).status).toBe(404);
    expect((await call('DELETE', path)).status).toBe(200);
    expect((await call('GET', `/clients/${kit}/insights`)).body.summary).toBeNull();
  });

  test('what rests on a session goes with it, and none is asked where nothing was written', async () => {
    answers(point('Has a boat.', 'I bought a small boat'), point('It leaks.', 'The boat leaks'));
    await call('POST', '/insights/summary', { threadId });
    const { orgId } = await app.db.everywhere.one<{ orgId: string }>('select id as "orgId" from org');
    await app.db.in(orgId).tx(async (tx) => {
      const anchors = await findAnchors(tx, orgId, { kind: 'session', id: sessions[0]?.id ?? '' });
      await deleteRows(tx, orgId, anchors);
    });
    const { summary } = (await call('GET', `/threads/${threadId}/insights`)).body;
    expect(summary.points).toMatchObject([{ text: 'It leaks.' }]);
    const before = upstream.received.length;
    const empty = await call('POST', '/insights/summary', { threadId: await begin() });
    expect([empty.status, empty.body.code]).toEqual([409, 'wrong-state']);
    expect(upstream.received).toHaveLength(before);
  });
});
