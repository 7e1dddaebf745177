import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { grave, talking } from '../../test/talking.ts';
import { makeMember } from '../../test/team.ts';
import { startUpstream, type Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let talk: ReturnType<typeof talking>;
let clientId: string;
let first: TestSession;
let second: TestSession;

const say = async (session: TestSession, text: string, count: number) => {
  await talk.post(session, text);
  await talk.untilEvent(session, 'reply.completed', count);
};

beforeAll(async () => {
  upstream = await startUpstream();
  app = await startTestApp({ upstream: { url: upstream.url, model: 'words-5' } });
  talk = talking(app);
  const persona = await makePersona(app);
  clientId = (await app.json('POST', '/api/v1/clients', { name: 'Kit' })).body.id;
  first = await makeSession(app, persona, { clientId, title: 'First' });
  second = await makeSession(app, persona, { clientId, title: 'Second' });
  await say(first, 'I sleep badly since my sister left.', 1);
  await say(first, 'Can sleeping be learned?', 2);
  await talk.post(first, grave);
  await talk.untilEvent(first, 'escalation.raised');
  await say(second, 'My sister called, and I could sleep.', 1);
});
afterAll(async () => {
  await app?.close();
  await upstream?.close();
});

test('a session is counted from its log, and each number says where', async () => {
  const { status, body } = await app.json('GET', `/api/v1/sessions/${first.id}/insights`);
  expect([status, body]).toMatchObject([
    200,
    {
      title: 'First',
      sides: { client: { messages: 3, questions: 1, openings: 1 }, persona: { messages: 2, words: 10 } },
      latency: { answers: { count: 2 } },
      topics: [{ word: 'sleep', messages: 2 }],
      risk: [{ level: 'high', category: 'self-harm' }],
    },
  ]);
  const events = new Map((await talk.eventsOf(first)).map((event) => [event.seq, event]));
  expect(body.escalations.map((seq: number) => events.get(seq)?.type)).toEqual(['escalation.raised']);
  expect(events.get(body.risk[0].seq)?.type).toBe('flag.raised');
  expect(body.throughSeq).toBeLessThanOrEqual(Math.max(...events.keys()));
  for (const { seq, start, end, text } of body.quotes) expect(events.get(seq)?.data.text.slice(start, end)).toBe(text);
  for (const seq of body.topics[0].seqs) expect(events.get(seq)?.data.author).toBe('client');
});

test('a client over their sessions, and what they come back to in both', async () => {
  const { body } = await app.json('GET', `/api/v1/clients/${clientId}/insights`);
  expect(body.sessions).toMatchObject([
    { sessionId: first.id, clientMessages: 3, highestRisk: 'high', flags: 1 },
    { sessionId: second.id, clientMessages: 1, highestRisk: 'none', flags: 0, clientMedianMs: null },
  ]);
  expect(body.topics).toEqual([
    { word: 'sister', sessions: [first.id, second.id] },
    { word: 'sleep', sessions: [first.id, second.id] },
  ]);
});

test('nobody reads it who may not follow the session, and each look is in the audit log', async () => {
  const stranger = await makeMember(app, 'Sid', ['facilitator']);
  for (const path of [`/api/v1/sessions/${first.id}/insights`, `/api/v1/clients/${clientId}/insights`]) {
    expect((await app.json('GET', path, undefined, stranger.headers)).status).toBe(404);
    expect((await app.json('GET', path, undefined, first.client)).status).toBe(404);
  }
  const { body } = await app.json('GET', '/api/v1/audit?act=insight.read');
  expect(body.items[0]).toMatchObject({ act: 'insight.read' });
});
