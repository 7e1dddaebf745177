import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { openAi } from '../../test/dialects.ts';
import { startCompromised, type Compromised } from '../../test/llm/compromised.ts';
import { talking } from '../../test/talking.ts';
import { withoutSessions } from './resting.ts';

let app: TestApp;
let upstream: Compromised;
let clientId: string;
let threadId: string;

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  app.json(method, `/api/v1${path}`, body, headers);
const points = [
  { text: 'Spoke of the boat.', quote: 'My old boat leaks' },
  { text: 'Spoke of the garden.', quote: 'The garden needs water' },
];

async function say(personaId: string, title: string, text: string): Promise<TestSession> {
  const session = await makeSession(app, personaId, { clientId, threadId, title });
  upstream.says('I see.');
  await talking(app).post(session, text);
  await talking(app).untilEvent(session, 'reply.completed');
  await call('PUT', `/sessions/${session.id}/rating`, { effectiveness: 6, engagement: 8, progress: 5 });
  const asked = await call('POST', `/sessions/${session.id}/questionnaires`, { instrument: 'gad-7' });
  const path = `/sessions/${session.id}/questionnaires/${asked.body.id}/answers`;
  const answers = title === 'On the water' ? [1, 1, 1, 1, 1, 1, 1] : [0, 0, 0, 0, 0, 0, 1];
  expect((await call('POST', path, { answers }, session.client)).status).toBe(204);
  return session;
}

/** By the rule of retention; the session was last touched long ago. */
async function goes({ id }: TestSession) {
  const back = `update session set last_activity_at = now() - interval '400 days' where id = $1`;
  await app.db.everywhere.exec(back, [id]);
  const rule = '/privacy/retention/sessions';
  expect((await call('PUT', rule, { days: 300, expected: 1 })).status).toBe(200);
  await expect.poll(async () => (await call('GET', `/sessions/${id}`)).status, { timeout: 10_000 }).toBe(404);
  await call('PUT', rule, { days: null });
}
const begin = async (of: object) => {
  upstream.says(JSON.stringify({ points }));
  const { status, body } = await call('POST', '/reports', { ...of, summarise: true });
  expect(status).toBe(201);
  return body;
};
const textOf = async (id: string) => {
  const { body } = await call('GET', `/reports/${id}`);
  const file = await (await app.fetch(`/api/v1/reports/${id}/export?format=markdown`, {})).text();
  return JSON.stringify(body) + file;
};

beforeAll(async () => {
  upstream = await startCompromised();
  app = await startTestApp();
  await call('POST', '/providers', { kind: 'openai', baseUrl: upstream.url, model: 'm', apiKey: 'k' });
  clientId = (await call('POST', '/clients', { name: 'Kit' })).body.id;
  threadId = (await call('POST', `/clients/${clientId}/threads`, { name: 'Summer' })).body.id;
});
afterAll(async () => {
  await app?.close();
  await upstream?.close();
});

describe('a session that is deleted by age', () => {
  const water = /boat leaks|Spoke of the boat|On the water|GAD-7 7 /;

  test('takes its words along out of reports on its client and thread, approved and changed ones too', async () => {
    const personaId = await makePersona(app);
    const gone = await say(personaId, 'On the water', 'My old boat leaks a little.');
    const stays = await say(personaId, 'At home', 'The garden needs water in May.');
    const approved = await begin({ clientId });
    await call('POST', `/reports/${approved.id}/approve`, { revision: approved.revision });
    const written = await begin({ threadId });
    const [summary, sessions] = written.sections;
    const kept = {
      id: summary.id,
      heading: 'Summary',
      text: `For the team:\n${summary.text}\nShe means: My old boat leaks.`,
    };
    const put = {
      revision: written.revision,
      title: 'About “My old boat leaks”',
      sections: [kept, { id: sessions.id, heading: 'Sessions', text: `${sessions.text}\nOur own words.` }],
    };
    const { body: changed } = await call('PUT', `/reports/${written.id}`, put);
    for (const { id } of [approved, written]) expect(await textOf(id)).toMatch(water);
    await goes(gone);
    for (const { id } of [approved, written]) {
      expect(await textOf(id)).not.toMatch(water);
      expect(await textOf(id)).not.toContain(gone.id);
      expect(await textOf(id)).toContain('[What stood here was deleted with its session.]');
      expect(await textOf(id)).toContain('Spoke of the garden. (“The garden needs water”)');
      expect(await textOf(id)).toContain(stays.id);
    }
    const { body: after } = await call('GET', `/reports/${written.id}`);
    expect(after.sections[0].text).toBe(
      `For the team:\nSpoke of the garden. (“The garden needs water”)\nShe means: […].\n[What stood here was deleted with its session.]`,
    );
    expect(after.sections[1].text).toContain('Our own words.');
    expect((await call('GET', `/reports/${approved.id}`)).body).toMatchObject({ status: 'approved' });
    // Who had it open cannot put the words back.
    const stale = await call('PUT', `/reports/${written.id}`, { ...put, revision: changed.revision });
    expect([stale.status, stale.body.code]).toEqual([409, 'conflict']);
  });

  test('while a report is begun goes into it with nothing', async () => {
    const gone = await say(await makePersona(app), 'On the water', 'My old boat leaks a little.');
    upstream.plays((response) => {
      void goes(gone).then(() => {
        response.end(openAi.text(JSON.stringify({ points })) + openAi.end(1));
      });
    });
    const { status, body } = await call('POST', '/reports', { clientId, summarise: true });
    expect(status).toBe(201);
    expect(await textOf(body.id)).not.toMatch(water);
    expect(await textOf(body.id)).toContain('The garden needs water');
  });
});

test('a report from before it was kept which words are whose loses what it quotes of a session', () => {
  const one = { id: 'a', heading: 'Heading', seqs: [], edited: false, tone: false, withheld: false };
  const places = [{ sessionId: 'gone', title: 'On the water', seqs: [1] }];
  const sections = [
    { ...one, kind: 'quoted' as const, text: 'the words', places },
    { ...one, kind: 'ai' as const, text: 'of another', places: [{ ...places[0]!, sessionId: 'there' }] },
    { ...one, kind: 'counted' as const, text: 'May: On the water, 3 words.\nMay: At home, 2 words.', places },
    { ...one, kind: 'written' as const, text: 'by a person', places: [] },
  ];
  const left = withoutSessions({ title: 'Report', sections }, ['gone']).sections;
  expect(left.map(({ text }) => text)).toEqual([
    '[What stood here was deleted with its session.]',
    'of another',
    'May: At home, 2 words.\n[What stood here was deleted with its session.]',
    'by a person',
  ]);
  expect(JSON.stringify(left)).not.toContain('gone"');
});
