import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp, type TestSession } from '../../test/app.ts';
import { startUpstream, type Upstream } from '../../test/upstream.ts';

let upstream: Upstream;
let app: TestApp;
let persona: string;
let session: TestSession;
const second: TestApp[] = [];

beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(async () => {
  app = await startTestApp({ upstream: { url: upstream.url, model: 'words-20' } });
  persona = await makePersona(app);
  session = await makeSession(app, persona);
});
afterEach(async () => {
  for (const one of second.splice(0)) await one.close();
  await app.close();
});

const put = (body: object) => app.json('PUT', '/api/v1/budgets', { period: 'day', ...body });
const budgets = async () => (await app.json('GET', '/api/v1/budgets')).body.items;
const say = (to: TestSession, text = 'Hello', by = app) =>
  by.json('POST', `/api/v1/sessions/${to.id}/messages`, { text }, to.client);
const eventsOf = async (to: TestSession) =>
  (await app.json('GET', `/api/v1/rooms/${to.roomId}/events?limit=1000`, undefined, to.client)).body.events;
const ended = (to: TestSession) =>
  vi.waitFor(
    async () => {
      const { body } = await app.json('GET', `/api/v1/sessions/${to.id}/replies`);
      expect(body.items[0]?.status).toBe('completed');
      return body.items[0];
    },
    { timeout: 8000, interval: 20 },
  );
/** A reply that really was made. Its use. */
const answered = async (to: TestSession) => {
  expect((await say(to)).body.replyId).not.toBeNull();
  const { usage } = await ended(to);
  return usage.inputTokens + usage.outputTokens;
};

test('a spent budget keeps the message, lets no reply begin, asks no provider, and says so to both sides', async () => {
  const tokens = await answered(session);
  const set = await put({ scope: 'organisation', tokens });
  expect(set.body).toMatchObject({ scope: 'organisation', subjectId: null, spent: true, used: { replies: 1, tokens } });
  const before = upstream.requests.length;
  const refused = await say(session, 'Are you there?');
  expect([refused.status, refused.body.replyId]).toEqual([202, null]);
  const events = await eventsOf(session);
  expect(events.slice(-2).map((e: { type: string }) => e.type)).toEqual(['message.created', 'reply.failed']);
  expect(events.at(-1).data).toMatchObject({ fault: 'budget-spent', replyTo: refused.body.message.id });
  expect(events.at(-1).data.message).toMatch(
    /^The limit set for AI replies is reached, so there is no answer before \d/,
  );
  expect(events.at(-1).data.message).not.toContain(String(tokens));
  const again = await app.json('POST', `/api/v1/sessions/${session.id}/regenerate`, undefined, session.client);
  expect([again.status, again.body.code]).toEqual([409, 'budget-spent']);
  const { body } = await app.json('GET', `/api/v1/sessions/${session.id}/messages`, undefined, session.client);
  expect(body.items.at(-1).text).toBe('Are you there?');
  expect(upstream.requests.length).toBe(before);

  await put({ scope: 'organisation', tokens: tokens + 1 });
  expect((await app.json('POST', `/api/v1/sessions/${session.id}/regenerate`, undefined, session.client)).status).toBe(
    202,
  );
  await ended(session);
  expect((await app.json('GET', `/api/v1/sessions/${session.id}/messages`)).body.items.at(-1).author).toBe('persona');
});

test('what was written while a reply ran is told that the budget is spent by then', async () => {
  await put({ scope: 'organisation', tokens: 1 });
  await say(session, '[play words-80@30]');
  await say(session, 'And another thing');
  await vi.waitFor(async () => expect((await eventsOf(session)).at(-1).data.fault).toBe('budget-spent'), {
    timeout: 8000,
    interval: 100,
  });
});

test('a persona’s budget is its own, and so is that of a member of the team', async () => {
  const other = await makeSession(app, await makePersona(app, { name: 'Nils' }));
  await answered(session);
  expect((await put({ scope: 'persona', subjectId: persona, tokens: 1 })).body).toMatchObject({ subjectName: 'Mira' });
  expect((await say(session)).body.replyId).toBeNull();
  await answered(other);
  const { userId } = (await app.json('GET', '/api/v1/me')).body;
  expect((await put({ scope: 'user', subjectId: userId, tokens: 1 })).body).toMatchObject({
    subjectName: 'Olga',
    used: { replies: 2 },
  });
  expect((await say(other)).body.replyId).toBeNull();
});

test('money is counted by the prices that held when the reply was made', async () => {
  await app.json('PUT', '/api/v1/prices', { model: 'words-20', input: 1_000_000, output: 2_000_000, cached: 0 });
  await answered(session);
  const { costMicroUsd } = await ended(session);
  expect(costMicroUsd).toBeGreaterThan(0);
  await put({ scope: 'organisation', period: 'month', costMicroUsd });
  expect((await budgets())[0]).toMatchObject({ spent: true, used: { costMicroUsd } });
  expect((await say(session)).body.replyId).toBeNull();
});

test('another server notices a budget within two seconds', async () => {
  const other = await app.second();
  second.push(other);
  await answered(session);
  await say(session, 'x', other);
  await ended(session);
  await put({ scope: 'organisation', tokens: 1 });
  await vi.waitFor(async () => expect((await say(session, 'y', other)).body.replyId).toBeNull(), {
    timeout: 4000,
    interval: 300,
  });
});

test('sums by the hour say the same as the replies, once, and stay when a session goes', async () => {
  for (let i = 0; i < 3; i += 1) await answered(session);
  const ids = await app.db.everywhere.many<{ id: string }>('select id from generation order by id');
  const age = (at: number, by: string) =>
    app.db.everywhere.exec('update generation set ended_at = $2 where id = $1', [ids[at]?.id, by]);
  const hour = 3_600_000;
  const today = new Date().toISOString().slice(0, 10);
  const yesterday = new Date(Date.now() - 24 * hour).toISOString();
  await age(0, yesterday);
  await age(1, new Date(Date.parse(yesterday) - 24 * hour).toISOString());
  // A question outside of any reply stands in the sum of its hour before the replies of that hour do.
  const asked = 7;
  await app.db.everywhere.exec(
    `insert into usage_hour select org_id, date_trunc('hour', ended_at), persona_id, user_id, 0, $2, 0
     from generation where id = $1`,
    [ids[0]?.id, asked],
  );
  const days = async (by = app) => (await by.json('GET', '/api/v1/usage?days=4')).body.items;
  const expected = await days(await another());
  const [, before, withQuestion] = expected.map((d: { tokens: number }) => d.tokens);
  expect(withQuestion).toBe(before + asked);
  expect(expected.map((d: { replies: number }) => d.replies)).toEqual([0, 1, 1, 1]);
  expect(expected.at(-1)).toMatchObject({ day: today, tokens: expect.any(Number) });
  const folded = () =>
    app.db.everywhere.one<{ n: number }>('select coalesce(sum(replies), 0)::bigint as n from usage_hour');
  expect((await folded()).n).toBe(2);
  const servers = [await another(), await another()];
  const all = await Promise.all(servers.map((one) => days(one)));
  expect(all).toEqual([expected, expected]);
  expect((await folded()).n).toBe(2);
  await app.db.everywhere.exec('delete from token_log');
  await app.db.everywhere.exec('delete from generation');
  expect((await days()).map((d: { replies: number }) => d.replies)).toEqual([0, 1, 1, 0]);
});

async function another(): Promise<TestApp> {
  const one = await app.second();
  second.push(one);
  return one;
}

test('a provider that tells no use is counted by the length of its text; the reference engine costs nothing', async () => {
  await answered(session);
  await app.db.everywhere.exec('update generation set usage = null, length = 400');
  await put({ scope: 'organisation', tokens: 5 });
  expect((await budgets())[0]).toMatchObject({ used: { tokens: 100 }, spent: true });
  await app.db.everywhere.exec(`update generation set engine = '{"id":"reference"}'`);
  expect((await budgets())[0]).toMatchObject({ used: { tokens: 0 }, spent: false });
});

test('a budget names what is there, has an amount, and is nobody’s business but the team’s', async () => {
  const refusals = [
    [{ scope: 'persona', subjectId: randomUUID(), tokens: 1 }, 404],
    [{ scope: 'persona', tokens: 1 }, 400],
    [{ scope: 'organisation', subjectId: persona, tokens: 1 }, 400],
    [{ scope: 'organisation' }, 400],
    [{ scope: 'organisation', tokens: -1 }, 400],
    [{ scope: 'organisation', tokens: 1, org_id: randomUUID() }, 400],
  ] as const;
  for (const [body, status] of refusals) expect((await put(body)).status, JSON.stringify(body)).toBe(status);
  const { body } = await put({ scope: 'organisation', tokens: 1 });
  expect((await put({ scope: 'organisation', tokens: 2 })).body.id).toBe(body.id);
  for (const path of ['/api/v1/budgets', '/api/v1/usage', '/api/v1/limits'])
    expect((await app.json('GET', path, undefined, session.client)).status).toBe(404);
  expect((await app.json('DELETE', `/api/v1/budgets/${body.id}`)).status).toBe(200);
  expect((await app.json('DELETE', `/api/v1/budgets/${body.id}`)).status).toBe(404);
  expect(await budgets()).toEqual([]);
  expect((await app.json('GET', '/api/v1/limits')).body.items).toContainEqual({
    class: 'reply',
    address: 3000,
    actor: 120,
    organisation: 6000,
  });
});
