import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { startSmtp } from '../../test/smtp.ts';
import { grave, safetySettings, talking, until } from '../../test/talking.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
let persona: string;
/** Somebody looks after Kit: Ann herself, Ben and Eve as a team; Eve may not decide. Nobody looks after Lou. */
let kit: string;
let ann: TestMember;
let eve: TestMember;
let dan: TestMember;
let lou: string;
let { post, untilEvent, escalationsOf } = {} as ReturnType<typeof talking>;

beforeAll(async () => {
  smtp = await startSmtp();
  app = await startTestApp({ config: { smtpUrl: smtp.url, publicUrl: 'http://localhost' } });
  ({ post, untilEvent, escalationsOf } = talking(app));
  persona = await makePersona(app);
  const member = async (name: string, role: string): Promise<TestMember> => {
    const made = await makeMember(app, name, [role]);
    const email = `${name.toLowerCase()}@house.example`;
    await app.db.everywhere.exec('update app_user set email = $2 where id = $1', [made.id, email]);
    return made;
  };
  ann = await member('Ann', 'facilitator');
  const ben = await member('Ben', 'facilitator');
  eve = await member('Eve', 'author');
  dan = await member('Dan', 'facilitator');
  await member('Cat', 'supervisor');
  const { body: team } = await app.json('POST', '/api/v1/teams', { name: 'Night' });
  await app.json('PUT', `/api/v1/teams/${team.id}/members`, { memberIds: [ben.id, eve.id] });
  const client = async (name: string) => (await app.json('POST', '/api/v1/clients', { name })).body.id as string;
  [kit, lou] = [await client('Kit'), await client('Lou')];
  const holders = { memberIds: [ann.id], teamIds: [team.id] };
  expect((await app.json('PUT', `/api/v1/clients/${kit}/assignments`, holders)).status).toBe(200);
  const policy = { policy: 'auto', delaySeconds: 1, reviewSeconds: 600, pages: 3, fallbackEmail: null };
  await app.json('PUT', '/api/v1/organisation/supervision', policy);
  await app.json('PUT', '/api/v1/safety', { ...safetySettings, fallbackEmail: null });
});
afterAll(async () => {
  await app?.close();
  await smtp?.close();
});

/** Who got letters of this subject since there were so many; `last` is written to in any case, and after the others. */
const writtenTo = async (subject: string, since: number, count: number): Promise<string[]> => {
  const of = () => smtp.delivered.slice(since).filter((letter) => letter.text.includes(subject));
  await until(async () => of().length >= count, `${count} letters`);
  return of()
    .flatMap(({ to }) => to)
    .sort();
};

const overdueDraft = async (session: TestSession): Promise<void> => {
  await post(session, 'Hello');
  await untilEvent(session, 'draft.ready');
  await app.db.everywhere.exec('update review set due_at = now() where session_id = $1', [session.id]);
  await untilEvent(session, 'review.overdue');
};

test('supervision 11, safety 12: letters go to who looks after the client and may act, to nobody else', async () => {
  const session = await makeSession(app, persona, { clientId: kit, policy: 'approve' });
  const since = smtp.delivered.length;
  await overdueDraft(session);
  expect(await writtenTo('A reply has been waiting', since, 2)).toEqual(['ann@house.example', 'ben@house.example']);
  await post(session, grave);
  expect(await writtenTo('a person has been called', since, 2)).toEqual(['ann@house.example', 'ben@house.example']);
});

test('supervision 11, safety 12: where nobody looks after the client, to who sees every client', async () => {
  const session = await makeSession(app, persona, { clientId: lou, policy: 'approve' });
  const since = smtp.delivered.length;
  await overdueDraft(session);
  expect(await writtenTo('A reply has been waiting', since, 1)).toEqual(['cat@house.example']);
  await post(session, grave);
  expect(await writtenTo('a person has been called', since, 1)).toEqual(['cat@house.example']);
});

test('safety 24: a rehearsal calls nobody, and its escalation says what it is', async () => {
  const { body: rehearsal } = await app.json('POST', '/api/v1/sessions', { personaId: persona });
  const since = smtp.delivered.length;
  await app.json('POST', `/api/v1/sessions/${rehearsal.id}/messages`, { text: grave });
  const session = { ...rehearsal, client: {} } as TestSession;
  expect(await escalationsOf(session)).toMatchObject([{ rehearsal: true, status: 'open', pages: 0, overdue: false }]);
  await app.db.everywhere.exec('update escalation set due_at = now() where session_id = $1', [rehearsal.id]);
  // One that is raised after it is written about: the round that did has passed over the rehearsal.
  const real = await makeSession(app, persona, { clientId: lou });
  await post(real, grave);
  await untilEvent(real, 'escalation.paged');
  expect(await writtenTo('a person has been called', since, 1)).toEqual(['cat@house.example']);
  expect(await escalationsOf(session)).toMatchObject([{ pages: 0, overdue: false }]);
  expect((await escalationsOf(real))[0].rehearsal).toBe(false);
});

describe('safety 25: answers that are entered for a client without a session', () => {
  const enter = (clientId: string, item9: number) =>
    app.json('POST', `/api/v1/clients/${clientId}/questionnaires`, {
      instrument: 'phq-9',
      answers: [1, 1, 1, 1, 1, 1, 1, 1, item9],
    });
  const of = async (clientId: string, headers?: Record<string, string>) =>
    (await app.json('GET', '/api/v1/escalations', undefined, headers)).body.items.filter(
      ({ sessionId, client }: { sessionId: string | null; client: { id: string } | null }) =>
        sessionId === null && client?.id === clientId,
    );
  const subject = 'What was entered for a client gives reason to worry.';
  let clientId: string;

  beforeAll(async () => {
    clientId = (await app.json('POST', '/api/v1/clients', { name: 'Noor' })).body.id;
    const holders = { memberIds: [ann.id, eve.id], teamIds: [] };
    await app.json('PUT', `/api/v1/clients/${clientId}/assignments`, holders);
  });

  test('call who looks after them, by letter and in the list, once', async () => {
    const since = smtp.delivered.length;
    expect((await enter(clientId, 0)).body.personCalled).toBe(false);
    expect(await of(clientId)).toEqual([]);
    expect((await enter(clientId, 2)).body).toMatchObject({ personCalled: true, result: { risk: true } });
    expect((await enter(clientId, 3)).body.personCalled).toBe(true);
    const [escalation, ...others] = await of(clientId, ann.headers);
    expect(others).toEqual([]);
    expect(escalation).toMatchObject({
      sessionTitle: null,
      client: { id: clientId, name: 'Noor' },
      kind: 'risk',
      status: 'open',
      category: 'self-harm',
      level: 'high',
      rehearsal: false,
    });
    expect(escalation.evidence).toMatch(/^PHQ-9, 9: “.*”: More than half the days$/);
    expect(await writtenTo(subject, since, 1)).toEqual(['ann@house.example']);
    expect(await of(clientId, dan.headers)).toEqual([]);
    const refused = await app.json('POST', `/api/v1/escalations/${escalation.id}/acknowledge`, undefined, dan.headers);
    expect(refused.status).toBe(404);
  });

  test('page again with the fallback contact when nobody acknowledges in time; who does ends it', async () => {
    await app.json('PUT', '/api/v1/safety', { ...safetySettings, fallbackEmail: 'fallback@house.example' });
    const [{ id }] = await of(clientId);
    const since = smtp.delivered.length;
    await app.db.everywhere.exec('update escalation set due_at = now(), next_page_at = now() where id = $1', [id]);
    const missed = `${subject} Nobody has acknowledged it`;
    expect(await writtenTo(missed, since, 2)).toEqual(['ann@house.example', 'fallback@house.example']);
    expect((await of(clientId))[0]).toMatchObject({ pages: 2, overdue: true, fallbackAt: expect.any(String) });
    const path = `/api/v1/escalations/${id}`;
    const acknowledged = await app.json('POST', `${path}/acknowledge`, undefined, ann.headers);
    expect([acknowledged.status, acknowledged.body]).toMatchObject([200, { acknowledgedBy: 'Ann' }]);
    expect((await app.json('POST', `${path}/acknowledge`)).status).toBe(409);
    const closed = await app.json('POST', `${path}/resolve`, { note: 'Called them.' }, ann.headers);
    expect([closed.status, closed.body]).toMatchObject([200, { status: 'resolved', note: 'Called them.' }]);
    expect((await enter(clientId, 1)).body.personCalled).toBe(true);
    expect((await of(clientId)).map(({ status }: { status: string }) => status)).toEqual(['open', 'resolved']);
    await app.json('PUT', '/api/v1/safety', { ...safetySettings, fallbackEmail: null });
  });

  test('go with an erasure of the client', async () => {
    const erased = await app.json('POST', '/api/v1/privacy/erasures', {
      subject: { kind: 'client', id: clientId },
      confirm: 'Noor',
    });
    expect(erased.body.status).toBe('done');
    expect(await app.db.everywhere.many('select id from escalation where client_id = $1', [clientId])).toEqual([]);
    expect(await app.db.everywhere.many('select id from risk_flag where client_id = $1', [clientId])).toEqual([]);
  });
});
