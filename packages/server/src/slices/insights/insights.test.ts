import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { grave, talking } from '../../test/talking.ts';
import { makeMember } from '../../test/team.ts';

let app: TestApp;
let talk: ReturnType<typeof talking>;
let clientId: string;
let first: TestSession;
let second: TestSession;

const say = async (session: TestSession, text: string, count: number) => {
  await talk.post(session, text);
  await talk.untilEvent(session, 'reply.completed', count);
};

beforeAll(async () => {
  ({ app } = await startPlayed('words-5'));
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
afterAll(() => app?.close());

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
  const messages = [...events.values()].filter(({ type }) => type === 'message.created').map(({ seq }) => seq);
  expect(body.said).toEqual(messages);
  for (const seq of body.topics[0].seqs) expect(events.get(seq)?.data.author).toBe('client');
});

test('a client over their sessions, and what they come back to in both', async () => {
  const { body } = await app.json('GET', `/api/v1/clients/${clientId}/insights`);
  expect(body.sessions).toMatchObject([
    { sessionId: first.id, clientMessages: 3, highestRisk: 'high', flags: 1 },
    { sessionId: second.id, clientMessages: 1, highestRisk: 'none', flags: 0, clientMedianMs: null },
  ]);
  for (const { sessionId, seqs } of body.sessions) {
    const { said } = (await app.json('GET', `/api/v1/sessions/${sessionId}/insights`)).body;
    expect(seqs).toEqual([said[0], said.at(-1)]);
  }
  expect(body.topics).toEqual([
    { word: 'sister', sessions: [first.id, second.id] },
    { word: 'sleep', sessions: [first.id, second.id] },
  ]);
});

describe('goals, scores and questionnaires', () => {
  let goalId: string;
  const phq = [2, 2, 2, 2, 2, 2, 2, 2, 0];

  beforeAll(async () => {
    const made = await app.json('POST', `/api/v1/clients/${clientId}/goals`, {
      title: 'Sleep through',
      milestones: [
        { title: 'No screen', state: 'reached' },
        { title: 'Seven hours' },
        { title: 'Pills', state: 'dropped' },
      ],
    });
    goalId = made.body.id;
    const put = (path: string, body: object) => app.json('PUT', `/api/v1/sessions/${second.id}/${path}`, body);
    expect((await put('goals', { goalIds: [goalId] })).status).toBe(200);
    expect((await put('rating', { effectiveness: 3, engagement: 4, progress: 5 })).status).toBe(200);
    expect((await put('rating', { effectiveness: 6, engagement: 7, progress: 8, sentence: 'Better.' })).status).toBe(
      200,
    );
    const asked = await app.json('POST', `/api/v1/sessions/${second.id}/questionnaires`, { instrument: 'phq-9' });
    const path = `/api/v1/sessions/${second.id}/questionnaires/${asked.body.id}/answers`;
    expect((await app.json('POST', path, { answers: phq }, second.client)).status).toBe(204);
    const entered = { instrument: 'gad-7', answers: [1, 1, 1, 1, 1, 1, 1], answeredAt: '2026-01-05T10:00:00.000Z' };
    expect((await app.json('POST', `/api/v1/clients/${clientId}/questionnaires`, entered)).status).toBe(201);
  });

  test('a session shows what it worked towards, how it went, and what was answered in it', async () => {
    const { body } = await app.json('GET', `/api/v1/sessions/${second.id}/insights`);
    const events = new Map((await talk.eventsOf(second)).map((event) => [event.seq, event]));
    expect(body).toMatchObject({
      ratings: [{ engagement: 4 }, { effectiveness: 6, engagement: 7, progress: 8 }],
      goals: [{ goalId, title: 'Sleep through', state: 'open', milestones: { reached: 1, open: 1, dropped: 1 } }],
      questionnaires: [{ instrument: 'phq-9', result: { score: 16, most: 27, severity: 'moderately-severe' } }],
    });
    expect(events.get(body.ratings[1].seq)).toMatchObject({ type: 'session.rated', data: { engagement: 7 } });
    expect(events.get(body.goals[0].seq)).toMatchObject({ type: 'session.goals', data: { goalIds: [goalId] } });
    const { body: list } = await app.json('GET', `/api/v1/sessions/${second.id}/questionnaires`);
    expect(list.items[0].id).toBe(body.questionnaires[0].id);
  });

  test('a client over time: scores, risk, goals and what was answered, with where each comes from', async () => {
    const { body } = await app.json('GET', `/api/v1/clients/${clientId}/insights`);
    expect(body).toMatchObject({
      sessions: [
        { rating: null, levels: { high: 1 }, escalations: 1 },
        { rating: { engagement: 7 }, levels: { low: 0, elevated: 0, high: 0 }, escalations: 0, riskSeqs: [] },
      ],
      goals: [{ goalId, sessions: [second.id], milestones: { reached: 1 } }],
      questionnaires: [
        { instrument: 'gad-7', sessionId: null },
        { instrument: 'phq-9', sessionId: second.id },
      ],
    });
    const events = new Map((await talk.eventsOf(first)).map((event) => [event.seq, event]));
    const types = body.sessions[0].riskSeqs.map((seq: number) => events.get(seq)?.type);
    expect(types).toEqual(['flag.raised', 'escalation.raised']);
  });

  test('a report on either says so in words', async () => {
    const texts = async (subject: object) =>
      (await app.json('POST', '/api/v1/reports', subject)).body.sections.map(
        ({ heading, text }: { heading: string; text: string }) => `${heading}: ${text}`,
      );
    expect(await texts({ sessionId: second.id })).toEqual(
      expect.arrayContaining([
        'How it went: In the points of the team: effectiveness 6, engagement 7, progress 8 of 10.',
        'Goals: Sleep through: open, 1 of 3 milestones reached, 1 given up.',
        expect.stringMatching(/^Questionnaires: .* UTC: PHQ-9 16 of 27, moderately severe; filled in by the client\.$/),
      ]),
    );
    expect(await texts({ clientId })).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^How the sessions went: .*Second: effectiveness 6/),
        expect.stringMatching(
          /^Risk over time: .*First: 1 flag \(1 high, 0 elevated, 0 low\), a person was called 1 time\.$/,
        ),
        'Goals: Sleep through: open, 1 of 3 milestones reached, 1 given up. Chosen in 1 session.',
        expect.stringContaining('GAD-7 7 of 21, mild; filled in by the team.'),
      ]),
    );
  });

  test('who may not see records of clients is told of the sessions alone', async () => {
    const permissions = ['sessions.read', 'sessions.follow', 'clients.read-all'];
    const role = await app.json('POST', '/api/v1/roles', { name: 'Readers', permissions });
    const reader = await makeMember(app, 'Rea', [role.body.id]);
    const { status, body } = await app.json('GET', `/api/v1/clients/${clientId}/insights`, undefined, reader.headers);
    expect([status, body]).toMatchObject([200, { goals: null, questionnaires: null, sessions: [{}, {}] }]);
  });
});

test('the log of a session is counted once, and anew when it has grown', async () => {
  const path = `/api/v1/clients/${clientId}/insights`;
  const before = (await app.json('GET', path)).body;
  const kept = () =>
    app.db.everywhere.many<{ id: string; seq: number; head: number; body: Buffer }>(
      `select d.session_id as id, d.through_seq as seq, r.seq as head, d.body from session_digest d
       join session s on s.org_id = d.org_id and s.id = d.session_id join room r on r.org_id = s.org_id and r.id = s.room_id
       order by d.session_id`,
    );
  const rows = await kept();
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map(({ head }) => head));
  // Sealed: neither figures nor words stand there as they are.
  for (const { body } of rows) expect(String(body)).not.toMatch(/sister|clientWords/);
  expect((await app.json('GET', path)).body).toEqual(before);
  await say(second, 'My brother called as well.', 2);
  const { body: after } = await app.json('GET', path);
  expect(after.sessions[1].clientWords).toBe(before.sessions[1].clientWords + 5);
  expect(after.sessions[0]).toEqual(before.sessions[0]);
  const again = await kept();
  expect(again.map(({ body }, at) => body.equals(rows[at]?.body ?? Buffer.alloc(0)))).toEqual([true, false]);
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
