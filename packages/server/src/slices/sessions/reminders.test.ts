import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { safetySettings, talking } from '../../test/talking.ts';

const hour = 3_600_000;
let app: TestApp;
let persona: string;
/** How far the server's clock is ahead. */
let ahead = 0;
let { eventsOf, post, untilEvent } = {} as ReturnType<typeof talking>;

beforeAll(async () => {
  app = await startTestApp({ parts: { clock: { now: () => Date.now() + ahead } } });
  ({ eventsOf, post, untilEvent } = talking(app));
  persona = await makePersona(app);
});
afterAll(() => app?.close());

const choose = (...packs: string[]) => app.json('PUT', '/api/v1/organisation/packs', { packs });
const kinds = async (session: TestSession): Promise<string[]> =>
  (await eventsOf(session, session.client)).filter(({ type }) => type === 'notice.shown').map(({ data }) => data.kind);
/** A session that is told at once: where a round has told it, it has looked at all that were due before. */
const aRoundLater = async () => {
  const mark = await makeSession(app, persona);
  await post(mark, 'Hello');
  ahead += 24 * hour;
  await untilEvent(mark, 'notice.shown', 2);
};

test('packs 9: under SB 243 a client is told at the start, and every three hours to take a break', async () => {
  await choose('us-ca-sb243');
  const session = await makeSession(app, persona);
  expect(await kinds(session)).toEqual(['disclosure']);
  await post(session, 'Hello');
  await untilEvent(session, 'reply.completed');
  ahead += 2.9 * hour;
  await post(session, 'Still here');
  expect(await kinds(session)).toEqual(['disclosure']);
  // Nobody writes: it is the clock that tells.
  ahead += 0.2 * hour;
  const told = await untilEvent(session, 'notice.shown', 2);
  expect(told).toMatchObject({ audience: 'all', data: { kind: 'reminder', version: 0 } });
  expect(told.data.text).toContain('break');
  expect(told.data.text).toContain('made by an AI');
  // And with the first message after another three hours.
  await untilEvent(session, 'reply.completed', 2);
  ahead += 3.1 * hour;
  await post(session, 'And here again');
  expect(await kinds(session)).toEqual(['disclosure', 'reminder', 'reminder']);
});

test('packs 9: the sooner of pack and organisation holds; without a pack it is the organisation’s', async () => {
  await choose('us-ca-sb243');
  await app.json('PUT', '/api/v1/safety', { ...safetySettings, disclosureMinutes: 60 });
  const session = await makeSession(app, persona);
  await post(session, 'Hello');
  ahead += 1.1 * hour;
  expect((await untilEvent(session, 'notice.shown', 2)).data.kind).toBe('reminder');
  await choose();
  await app.json('PUT', '/api/v1/safety', safetySettings);
  const plain = await makeSession(app, persona);
  await post(plain, 'Hello');
  ahead += 3.1 * hour;
  expect((await untilEvent(plain, 'notice.shown', 2)).data.kind).toBe('disclosure');
});

test('packs 9: who is told with their message is not told again by a round that had found them before', async () => {
  const session = await makeSession(app, persona);
  await post(session, 'Hello');
  await untilEvent(session, 'reply.completed');
  const waiting = `select 1 from pg_locks l join pg_stat_activity a using (pid)
    where not l.granted and a.datname = current_database() and a.query like '%from session where%for update'`;
  const held = await app.db.everywhere.tx(async (tx) => {
    await tx.exec('select 1 from session where id = $1 for update', [session.id]);
    ahead += 3.1 * hour;
    const posted = post(session, 'And now?');
    await expect.poll(() => app.db.everywhere.many(waiting), { timeout: 15_000 }).toHaveLength(2);
    return { posted };
  });
  await held.posted;
  // Whatever the round does with the session is done before this.
  await post(session, 'And now again?');
  expect(await kinds(session)).toHaveLength(2);
});

test('packs 9: nobody is told who has not written, whose session has ended, or with whom a person writes', async () => {
  await choose('us-ca-sb243');
  const [quiet, ended, taken] = [
    await makeSession(app, persona),
    await makeSession(app, persona),
    await makeSession(app, persona),
  ];
  await post(ended, 'Hello');
  await post(taken, 'Hello');
  await untilEvent(ended, 'reply.completed');
  await untilEvent(taken, 'reply.completed');
  await app.json('POST', `/api/v1/sessions/${ended.id}/end`);
  await app.json('POST', `/api/v1/sessions/${taken.id}/takeover`);
  await aRoundLater();
  await aRoundLater();
  for (const session of [quiet, ended, taken]) expect(await kinds(session)).toEqual(['disclosure']);
});
