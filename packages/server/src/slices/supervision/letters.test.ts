import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { startSmtp } from '../../test/smtp.ts';
import { grave, safetySettings, talking, until } from '../../test/talking.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let smtp: Awaited<ReturnType<typeof startSmtp>>;
let persona: string;
/** Somebody looks after Kit: Ann herself, Ben and Eve as a team; Eve may not decide. Nobody looks after Lou. */
let kit: string;
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
  const ann = await member('Ann', 'facilitator');
  const ben = await member('Ben', 'facilitator');
  const eve = await member('Eve', 'author');
  await member('Dan', 'facilitator');
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
