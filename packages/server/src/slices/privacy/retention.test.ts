import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';

let app: TestApp;
let persona: string;

beforeAll(async () => {
  app = await startTestApp();
  persona = await makePersona(app, { openingLine: 'Hello.' });
});
afterAll(() => app?.close());
beforeEach(async () => {
  for (const category of ['sessions', 'drafts', 'files'])
    await app.json('PUT', `/api/v1/privacy/retention/${category}`, { days: null });
});

/** A session with a message and a reply, that nobody has touched for so many days. */
async function oldSession(days: number, more: object = {}) {
  const session = await makeSession(app, persona, more);
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'Hello' }, session.client);
  await expect
    .poll(async () => (await app.json('GET', `/api/v1/sessions/${session.id}`)).body.messageCount)
    .toBeGreaterThan(2);
  await app.db.everywhere.exec(
    `update session set last_activity_at = now() - make_interval(days => $2) where id = $1`,
    [session.id, days],
  );
  return session;
}
const preview = async (category: string, days: number) =>
  (await app.json('GET', `/api/v1/privacy/retention/${category}/preview?days=${days}`)).body;
const put = (category: string, days: number | null, expected?: number, at = app) =>
  at.json('PUT', `/api/v1/privacy/retention/${category}`, { days, ...(expected === undefined ? {} : { expected }) });
const runs = async () => (await app.json('GET', '/api/v1/privacy/retention/runs')).body.items;
const ended = async (count: number) => {
  await expect
    .poll(async () => (await runs()).filter((r: { endedAt: string | null }) => r.endedAt).length, { timeout: 10_000 })
    .toBe(count);
  return runs();
};
const left = async (id: string) =>
  (
    await app.db.everywhere.one<{ n: number }>(
      `select (select count(*) from session where id = $1) + (select count(*) from message where session_id = $1)
       + (select count(*) from event e join room r on r.id = e.room_id where r.id not in (select room_id from session)) as n`,
      [id],
    )
  ).n;

test('nothing is deleted unless somebody says for how long', async () => {
  expect((await app.json('GET', '/api/v1/privacy/retention')).body.items).toEqual(
    expect.arrayContaining([{ category: 'sessions', days: null, nextRunAt: null }]),
  );
  expect(await runs()).toEqual([]);
});

test('a rule is switched on only with the count its preview showed, and then deletes just that', async () => {
  const [old, young] = [await oldSession(40), await oldSession(5)];
  const seen = await preview('sessions', 30);
  expect(seen).toMatchObject({ count: 1, held: 0 });
  expect(Date.now() - Date.parse(seen.oldest)).toBeGreaterThan(39 * 86_400_000);
  expect((await put('sessions', 30)).status).toBe(400);
  await oldSession(41);
  expect(await put('sessions', 30, seen.count)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  expect(await left(old.id)).toBeGreaterThan(0);
  expect((await put('sessions', 30, 2)).status).toBe(200);
  const [run] = await ended(1);
  expect(run).toMatchObject({ category: 'sessions', days: 30, deleted: 2, held: 0, failure: null });
  expect(await left(old.id)).toBe(0);
  expect(await left(young.id)).toBeGreaterThan(0);
  expect((await app.json('GET', `/api/v1/sessions/${old.id}`)).status).toBe(404);
  const token = await app.json('GET', `/api/v1/sessions/${old.id}/client-view`, undefined, old.client);
  expect([401, 404]).toContain(token.status);
  await oldSession(50);
  expect((await app.json('POST', '/api/v1/privacy/retention/sessions/run', { expected: 0 })).status).toBe(409);
  expect((await app.json('POST', '/api/v1/privacy/retention/sessions/run', { expected: 1 })).status).toBe(202);
  expect((await ended(2))[0]).toMatchObject({ deleted: 1 });
});

test('many rows go in batches, on one of two servers, and each is counted once', async () => {
  const other = await app.second();
  const session = await oldSession(1);
  await app.db.everywhere.exec(
    `with r as (insert into room (org_id, id, kind) select org_id, gen_random_uuid(), 'session' from generate_series(1, 130), org o
         cross join lateral (select o.id as org_id) x returning org_id, id)
     insert into session (org_id, id, room_id, title, policy, persona_policy, persona_id, persona_version, persona_name,
       persona_role, created_by, last_activity_at)
     select r.org_id, r.id, r.id, 'old', s.policy, s.persona_policy, s.persona_id, s.persona_version, s.persona_name,
       s.persona_role, s.created_by, now() - interval '3 years' from r, session s where s.id = $1`,
    [session.id],
  );
  const before = (await runs()).length;
  const { count } = await preview('sessions', 1000);
  expect(count).toBe(130);
  const answers = await Promise.all([put('sessions', 1000, count), put('sessions', 1000, count, other)]);
  expect(answers.map((a) => a.status)).toEqual([200, 200]);
  await expect.poll(async () => (await preview('sessions', 1000)).count, { timeout: 10_000 }).toBe(0);
  await expect.poll(async () => (await runs()).every((r: { endedAt: string | null }) => r.endedAt)).toBe(true);
  const made = (await runs()).slice(0, (await runs()).length - before);
  expect(made.reduce((sum: number, r: { deleted: number }) => sum + r.deleted, 0)).toBe(130);
  await other.close();
});

test('a run whose server died is closed and done by another', async () => {
  await oldSession(90);
  const orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
  await app.db.everywhere.exec(
    `update retention_rule set days = 60, next_run_at = now(), lease_owner = $2, lease_until = now() - interval '1 second'
     where org_id = $1 and category = 'sessions'`,
    [orgId, randomUUID()],
  );
  await app.db.everywhere.exec(
    `insert into retention_run (org_id, id, category, days, deleted) values ($1, $2, 'sessions', 60, 7)`,
    [orgId, randomUUID()],
  );
  expect((await app.json('POST', '/api/v1/privacy/retention/sessions/run', { expected: 1 })).status).toBe(202);
  await expect.poll(async () => (await preview('sessions', 60)).count, { timeout: 10_000 }).toBe(0);
  expect(
    (await runs()).some((r: { failure: string; deleted: number }) => r.failure === 'cut short' && r.deleted === 7),
  ).toBe(true);
});

test('the word-by-word log of an old reply goes, its message stays', async () => {
  const session = await oldSession(3);
  await app.db.everywhere.exec(`update generation set ended_at = now() - interval '10 days' where session_id = $1`, [
    session.id,
  ]);
  // The reference engine is done before there is anything to log.
  await app.db.everywhere.exec(
    `insert into token_log (org_id, generation_id, start_offset, body)
     select org_id, id, n, 'x' from generation, generate_series(0, 2) n where session_id = $1`,
    [session.id],
  );
  expect(await preview('drafts', 7)).toMatchObject({ count: 1 });
  expect((await put('drafts', 7, 1)).status).toBe(200);
  await expect.poll(async () => (await preview('drafts', 7)).count).toBe(0);
  const { body } = await app.json('GET', `/api/v1/sessions/${session.id}/messages`);
  expect(body.items.length).toBeGreaterThan(2);
});

test('a client sees nothing of it', async () => {
  const session = await makeSession(app, persona);
  for (const path of ['', '/runs', '/sessions/preview?days=3'])
    expect((await app.json('GET', `/api/v1/privacy/retention${path}`, undefined, session.client)).status).toBe(404);
});
