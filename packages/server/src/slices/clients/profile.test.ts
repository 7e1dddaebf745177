import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { makeMember, type TestMember } from '../../test/team.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let finn: TestMember;
let gail: TestMember;

const as = (member: TestMember, method: string, path: string, body?: unknown) =>
  app.json(method, `/api/v1${path}`, body, member.headers);

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('words-5'));
  [finn, gail] = await Promise.all([
    makeMember(app, 'Finn', ['facilitator']),
    makeMember(app, 'Gail', ['facilitator']),
  ]);
});
afterAll(() => app?.close());

test('a profile is kept whole, and changed field by field', async () => {
  const { body: made, status } = await as(finn, 'POST', '/clients', {
    name: 'Robin',
    contact: '+1 555 0100',
    tags: ['Sleep', 'sleep', 'Tuesday'],
    riskFactors: ['Lives alone'],
  });
  expect([status, made.tags, made.personaKnows]).toEqual([
    201,
    ['Sleep', 'Tuesday'],
    { goals: true, riskFactors: true, notes: false },
  ]);
  const changed = await as(finn, 'PATCH', `/clients/${made.id}`, { riskFactors: [], tags: ['Night'] });
  expect(changed.body).toMatchObject({ contact: '+1 555 0100', riskFactors: [], tags: ['Night'], name: 'Robin' });
  expect((await as(finn, 'GET', `/clients/${made.id}`)).body).toEqual(changed.body);
});

test('a list is filtered by a whole tag, whatever its case, within one’s caseload; the database holds no tag in clear', async () => {
  const ids: string[] = [];
  for (const [member, name, tags] of [
    [finn, 'Anna', ['Zwölf']],
    [finn, 'Ben', ['zwölfer']],
    [gail, 'Cleo', ['zwölf']],
  ] as const)
    ids.push((await as(member, 'POST', '/clients', { name, tags })).body.id);
  const names = async (member: TestMember, tag: string) =>
    (await as(member, 'GET', `/clients?tag=${encodeURIComponent(tag)}`)).body.items.map(
      (c: { name: string }) => c.name,
    );
  expect(await names(finn, 'ZWÖLF')).toEqual(['Anna']);
  expect(await names(gail, 'zwölf')).toEqual(['Cleo']);
  expect(await names(gail, 'zwölfer')).toEqual([]);
  const rows = await app.db.everywhere.many<{ row: string }>(`select to_jsonb(c)::text as row from client c`);
  expect(rows.map(({ row }) => row).join()).not.toMatch(/zwölf/i);
});

test('goals and milestones are set, changed and listed newest first; nobody else’s client has any', async () => {
  const { id } = (await as(finn, 'POST', '/clients', { name: 'Dora' })).body;
  const first = await as(finn, 'POST', `/clients/${id}/goals`, { title: 'Sleep through', dueOn: '2027-01-31' });
  expect([first.status, first.body.state]).toEqual([201, 'open']);
  await as(finn, 'POST', `/clients/${id}/goals`, { title: 'Call a friend' });
  const milestones = [{ title: 'In bed by eleven', state: 'reached', dueOn: null, reachedOn: '2026-12-01' }];
  const changed = await as(finn, 'PUT', `/clients/${id}/goals/${first.body.id}`, { title: 'Sleep', milestones });
  expect(changed.body).toMatchObject({ title: 'Sleep', milestones, dueOn: null });
  const page = (await as(finn, 'GET', `/clients/${id}/goals?limit=1`)).body;
  expect(page.items.map((g: { title: string }) => g.title)).toEqual(['Call a friend']);
  const rest = (await as(finn, 'GET', `/clients/${id}/goals?limit=1&cursor=${page.next}`)).body;
  expect([rest.items.map((g: { title: string }) => g.title), rest.next]).toEqual([['Sleep'], null]);
  for (const [method, path] of [
    ['GET', `/clients/${id}/goals`],
    ['POST', `/clients/${id}/goals`],
    ['PUT', `/clients/${id}/goals/${first.body.id}`],
  ] as const)
    expect((await as(gail, method, path, method === 'GET' ? undefined : { title: 'Mine' })).status).toBe(404);
  const others = (await as(finn, 'POST', '/clients', { name: 'Emil' })).body.id;
  expect((await as(finn, 'PUT', `/clients/${others}/goals/${first.body.id}`, { title: 'x' })).status).toBe(404);
  expect((await as(finn, 'POST', `/clients/${id}/goals`, { title: 'x', dueOn: '31.1.2027' })).status).toBe(400);
});

/** What the model was sent for the answer to one message. */
async function promptFor(clientId: string): Promise<string> {
  const session = await makeSession(app, await makePersona(app), { clientId });
  const before = upstream.requests.length;
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'Hello' }, session.client);
  await expect.poll(() => upstream.requests.length).toBeGreaterThan(before);
  return JSON.stringify(upstream.requests.slice(before));
}

test('the persona is told goals and risk factors where the team has chosen so, and never contact or tags', async () => {
  const { id } = (
    await app.json('POST', '/api/v1/clients', {
      name: 'Fay',
      about: 'canary-about',
      contact: 'canary-contact',
      tags: ['canary-tag'],
      riskFactors: ['canary-risk'],
    })
  ).body;
  const goal = {
    title: 'canary-goal',
    milestones: [{ title: 'canary-next' }, { title: 'canary-past', state: 'reached' }],
  };
  await app.json('POST', `/api/v1/clients/${id}/goals`, goal);
  await app.json('POST', `/api/v1/clients/${id}/goals`, { title: 'canary-dropped', state: 'dropped' });
  const told = (prompt: string) => [...new Set(prompt.match(/canary-[a-z]+/g))].sort();
  expect(told(await promptFor(id))).toEqual(['canary-about', 'canary-goal', 'canary-next', 'canary-risk']);
  await app.json('PATCH', `/api/v1/clients/${id}`, {
    personaKnows: { goals: false, riskFactors: false, notes: false },
  });
  expect(told(await promptFor(id))).toEqual(['canary-about']);
});
