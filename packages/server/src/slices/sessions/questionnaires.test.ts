import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let personaId: string;
let finn: TestMember;

const phq = (item9: number, others = 1) => [...Array.from({ length: 8 }, () => others), item9];
const url = (path: string) => `/api/v1${path}`;
const types = async ({ roomId }: TestSession, headers?: Record<string, string>) =>
  (await app.json('GET', url(`/rooms/${roomId}/events?limit=1000`), undefined, headers)).body.events as {
    type: string;
    data: Record<string, unknown>;
  }[];

async function begin() {
  const { id: clientId } = (await app.json('POST', url('/clients'), { name: 'Robin' })).body;
  return { clientId, session: await makeSession(app, personaId, { clientId }) };
}
async function ask(session: TestSession, instrument = 'phq-9') {
  const asked = await app.json('POST', url(`/sessions/${session.id}/questionnaires`), { instrument });
  expect(asked.status).toBe(201);
  return `/sessions/${session.id}/questionnaires/${asked.body.id}`;
}
const answer = (path: string, answers: number[], headers?: Record<string, string>) =>
  app.json('POST', url(`${path}/answers`), { answers }, headers);

beforeAll(async () => {
  app = await startTestApp();
  personaId = await makePersona(app);
  finn = await makeMember(app, 'Finn', ['facilitator']);
});
afterAll(() => app?.close());

test('a client fills in what they are asked, once; the team reads score and band, the client never does', async () => {
  const { clientId, session } = await begin();
  const view = () => app.json('GET', url(`/sessions/${session.id}/client-view`), undefined, session.client);
  const path = await ask(session);
  const { questionnaireId } = (await view()).body;
  expect(path.endsWith(questionnaireId)).toBe(true);
  const form = (await app.json('GET', url(path), undefined, session.client)).body;
  expect([form.state, form.instrument.items.length, form.instrument.bands]).toEqual(['asked', 9, undefined]);
  // Another one waits until this one is done.
  const second = await app.json('POST', url(`/sessions/${session.id}/questionnaires`), { instrument: 'gad-7' });
  expect(second.body.code).toBe('wrong-state');

  for (const wrong of [phq(0).slice(1), [...phq(0), 0], phq(0).with(3, 4)])
    expect((await answer(path, wrong, session.client)).status).toBe(400);
  expect((await answer(path, phq(0), session.client)).status).toBe(204);
  expect((await answer(path, phq(0), session.client)).body.code).toBe('wrong-state');
  expect((await view()).body.questionnaireId).toBeNull();

  const [kept] = (await app.json('GET', url(`/clients/${clientId}/questionnaires`))).body.items;
  expect(kept).toMatchObject({ state: 'answered', filledBy: 'client', sessionId: session.id });
  expect(kept.result).toEqual({ score: 8, most: 27, severity: 'mild', answers: phq(0), risk: false });
  expect((await app.json('GET', url(`/sessions/${session.id}/questionnaires`))).body.items).toEqual([kept]);
  for (const hidden of [
    `/clients/${clientId}/questionnaires`,
    `/sessions/${session.id}/questionnaires`,
    '/questionnaires',
  ])
    expect((await app.json('GET', url(hidden), undefined, session.client)).status).toBe(404);
  const seen = await types(session, session.client);
  expect(JSON.stringify(seen)).not.toMatch(/mild|"score"|"answers"/);
  expect(seen.filter(({ type }) => type === 'session.questionnaire').map(({ data }) => data['state'])).toEqual([
    'asked',
    'answered',
  ]);
  expect(seen.some(({ type }) => type === 'session.escalated')).toBe(false);
});

test.each([1, 2, 3])(
  'item 9 answered with %i raises the gate: the persona is silent, a person is called',
  async (item9) => {
    const { session } = await begin();
    const path = await ask(session);
    expect((await answer(path, phq(item9, 0), session.client)).status).toBe(204);
    const [escalation] = (await app.json('GET', url(`/escalations?sessionId=${session.id}`))).body.items;
    expect(escalation).toMatchObject({ kind: 'risk', status: 'open', category: 'self-harm', level: 'high' });
    expect(escalation.evidence).toMatch(/^PHQ-9, 9: “Thoughts that you would be better off dead.*”: /);
    const [flag] = (await app.json('GET', url(`/sessions/${session.id}/flags`))).body.items;
    expect(flag).toMatchObject({
      messageId: null,
      replyId: null,
      questionnaireId: path.split('/').at(-1),
      level: 'high',
    });
    const seen = (await types(session, session.client)).map(({ type }) => type);
    expect(seen.slice(-3)).toEqual(['session.questionnaire', 'session.escalated', 'notice.shown']);
    const said = await app.json('POST', url(`/sessions/${session.id}/messages`), { text: 'Hello?' }, session.client);
    expect([said.status, said.body.replyId]).toEqual([202, null]);
  },
);

test('what the team enters raises the gate as well; in a session that has ended the team alone is called', async () => {
  const { clientId, session } = await begin();
  const enter = (answers: number[], more = {}) =>
    app.json('POST', url(`/clients/${clientId}/questionnaires`), { instrument: 'phq-9', answers, ...more });
  const past = '2026-01-05T10:00:00.000Z';
  const calm = await enter(phq(0), { answeredAt: past });
  expect([calm.status, calm.body.personCalled, calm.body.answeredAt]).toEqual([201, false, past]);
  expect((await enter(phq(0), { answeredAt: '2199-01-01T00:00:00.000Z' })).status).toBe(400);
  expect((await enter(phq(0).slice(1))).status).toBe(400);
  await app.json('POST', url(`/sessions/${session.id}/end`));
  expect((await enter(phq(1))).body.personCalled).toBe(true);
  const seen = (await types(session)).map(({ type }) => type);
  expect(seen).toEqual(expect.arrayContaining(['flag.raised', 'escalation.raised']));
  expect(seen).not.toContain('session.escalated');
  const { items } = (await app.json('GET', url(`/escalations?sessionId=${session.id}`))).body;
  expect(items).toMatchObject([{ kind: 'risk', client: { id: clientId } }]);
});

test('the GAD-7 calls nobody; one that is withdrawn is answered no more', async () => {
  const { session } = await begin();
  expect((await answer(await ask(session, 'gad-7'), [3, 3, 3, 3, 3, 3, 3], session.client)).status).toBe(204);
  expect((await app.json('GET', url(`/escalations?sessionId=${session.id}`))).body.items).toEqual([]);
  const path = await ask(session);
  expect((await app.json('POST', url(`${path}/withdraw`))).status).toBe(204);
  expect((await answer(path, phq(0), session.client)).body.code).toBe('wrong-state');
  expect((await app.json('GET', url(path), undefined, session.client)).body.state).toBe('withdrawn');
});

test('nobody asks, reads or answers for a client who is not theirs', async () => {
  const { clientId, session } = await begin();
  const { session: neighbour } = await begin();
  const path = await ask(session);
  for (const [method, at, body] of [
    ['GET', `/clients/${clientId}/questionnaires`],
    ['POST', `/clients/${clientId}/questionnaires`, { instrument: 'phq-9', answers: phq(0) }],
    ['GET', `/sessions/${session.id}/questionnaires`],
    ['POST', `/sessions/${session.id}/questionnaires`, { instrument: 'phq-9' }],
    ['GET', path],
    ['POST', `${path}/answers`, { answers: phq(0) }],
    ['POST', `${path}/withdraw`],
  ] as const) {
    expect([at, (await app.json(method, url(at), body, finn.headers)).status]).toEqual([at, 404]);
    expect([at, (await app.json(method, url(at), body, neighbour.client)).status]).toEqual([at, 404]);
  }
});
