import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { talking } from '../../test/talking.ts';
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
  const { status, body } = await call('GET', `/threads/${threadId}/insights`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ threadId, clientId });
  const ids = [first.id, second.id];
  expect(body.sessions.map((one: { sessionId: string }) => one.sessionId).sort()).toEqual([...ids].sort());
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
