import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { makeMember } from '../../test/team.ts';

let app: TestApp;
let clientId: string;
let grantId: string;
const reason = 'The colleague on call is ill and the client asked for help.';

beforeAll(async () => {
  app = await startTestApp();
  clientId = (await app.json('POST', '/api/v1/clients', { name: 'Kim' })).body.id;
});
afterAll(() => app.close());

test('access is opened with a reason and ends by itself', async () => {
  const { status, body } = await app.json('POST', '/api/v1/break-glass', { clientId, reason, minutes: 30 });
  expect(status).toBe(201);
  expect(body).toMatchObject({ clientId, clientName: 'Kim', userName: 'Olga', reason, active: true, endedAt: null });
  expect(Date.parse(body.expiresAt) - Date.parse(body.createdAt)).toBe(30 * 60_000);
  grantId = body.id;
  await app.db.everywhere.exec(`update break_glass set expires_at = now() - interval '1 second'`);
  expect((await app.json('GET', '/api/v1/break-glass')).body.items).toMatchObject([{ id: grantId, active: false }]);
  expect((await app.json('GET', '/api/v1/break-glass?active=true')).body.items).toEqual([]);
  expect((await app.json('POST', `/api/v1/break-glass/${grantId}/end`)).body.code).toBe('wrong-state');
});

test('it can be ended early, once', async () => {
  const { body } = await app.json('POST', '/api/v1/break-glass', { clientId, reason });
  expect((await app.json('GET', '/api/v1/break-glass?active=true')).body.items).toHaveLength(1);
  const ended = await app.json('POST', `/api/v1/break-glass/${body.id}/end`);
  expect(ended.body).toMatchObject({ active: false, endedAt: expect.any(String) });
  expect((await app.json('POST', `/api/v1/break-glass/${body.id}/end`)).status).toBe(409);
});

test('opening and ending are in the audit log, the reason is not, and it stands nowhere in clear', async () => {
  const { body } = await app.json('GET', `/api/v1/audit?subjectId=${clientId}&act=break-glass.opened`);
  expect(body.items.map((e: { subjects: unknown }) => e.subjects)).toContainEqual([
    { kind: 'grant', id: grantId },
    { kind: 'client', id: clientId },
  ]);
  expect((await app.json('GET', '/api/v1/audit?act=break-glass.ended')).body.items).toHaveLength(1);
  const stored = await app.db.everywhere.many('select g::text, e::text from break_glass g, audit_entry e');
  expect(JSON.stringify(stored)).not.toContain('on call');
});

test.each([
  ['a reason too short', { reason: 'because' }],
  ['no reason', { reason: undefined }],
  ['more than four hours', { minutes: 241 }],
  ['no time at all', { minutes: 0 }],
  ['a field that is not asked for', { userId: randomUUID() }],
])('it is refused with %s', async (_what, more) => {
  const answer = await app.json('POST', '/api/v1/break-glass', { clientId, reason, ...more });
  expect(answer.body.code).toBe('invalid-body');
});

test('an unknown client and an unknown grant are not found, and a client of a session finds nothing', async () => {
  expect((await app.json('POST', '/api/v1/break-glass', { clientId: randomUUID(), reason })).status).toBe(404);
  expect((await app.json('POST', `/api/v1/break-glass/${randomUUID()}/end`)).status).toBe(404);
  const session = await makeSession(app, await makePersona(app));
  expect((await app.json('GET', '/api/v1/break-glass', undefined, session.client)).status).toBe(404);
});

test('a facilitator sees a client outside their caseload, and their sessions, for as long as the access is open', async () => {
  const fay = await makeMember(app, 'Fay', ['facilitator']);
  const as = (method: string, path: string, body?: unknown) => app.json(method, `/api/v1${path}`, body, fay.headers);
  const session = await makeSession(app, await makePersona(app), { clientId });
  const seen = async () => [
    (await as('GET', `/clients/${clientId}`)).status,
    (await as('GET', `/sessions/${session.id}/messages`)).status,
    (await as('GET', '/clients')).body.items.length,
  ];
  expect(await seen()).toEqual([404, 404, 0]);
  expect((await as('GET', '/break-glass/clients?name=Ki')).body.items).toEqual([]);
  expect((await as('GET', '/break-glass/clients?name=kim')).body.items).toMatchObject([{ id: clientId }]);
  const { status, body } = await as('POST', '/break-glass', { clientId, reason });
  expect(status).toBe(201);
  expect(await seen()).toEqual([200, 200, 1]);
  // Supervisors see it and may end it; another facilitator neither sees nor ends it.
  const other = await makeMember(app, 'Ole', ['facilitator']);
  const supervisor = await makeMember(app, 'Sue', ['supervisor']);
  const grants = async (headers: Record<string, string>) =>
    (await app.json('GET', '/api/v1/break-glass?active=true', undefined, headers)).body.items;
  expect(await grants(other.headers)).toEqual([]);
  expect(await grants(supervisor.headers)).toMatchObject([{ id: body.id, userName: 'Fay' }]);
  const end = (headers: Record<string, string>) =>
    app.json('POST', `/api/v1/break-glass/${body.id}/end`, undefined, headers);
  expect((await end(other.headers)).status).toBe(404);
  expect((await end(supervisor.headers)).status).toBe(200);
  expect(await seen()).toEqual([404, 404, 0]);
  const lapsed = await as('POST', '/break-glass', { clientId, reason, minutes: 1 });
  expect(await seen()).toEqual([200, 200, 1]);
  await app.db.everywhere.exec(`update break_glass set expires_at = now() where id = $1`, [lapsed.body.id]);
  expect(await seen()).toEqual([404, 404, 0]);
});

test('who sees every client is written to, with neither the client nor the reason; others and the opener are not', async () => {
  const ida = await makeMember(app, 'Ida', ['facilitator']);
  const others = await Promise.all(
    ['supervisor', 'facilitator'].map((role) => makeMember(app, `Mail ${role}`, [role])),
  );
  for (const { id, name } of [ida, ...others])
    await app.json('PATCH', `/api/v1/members/${id}`, {
      email: `${name.replace(' ', '.')}@house.example`.toLowerCase(),
    });
  const letters = async () =>
    (await app.json('GET', '/api/v1/mailbox')).body.items.filter((l: { subject: string }) => /glass/.test(l.subject));
  const before = (await letters()).length;
  expect((await app.json('POST', '/api/v1/break-glass', { clientId, reason }, ida.headers)).status).toBe(201);
  await expect.poll(letters).toHaveLength(before + 1);
  const [letter] = await letters();
  expect(letter).toMatchObject({ to: 'mail.supervisor@house.example', subject: 'Ida broke the glass' });
  expect(letter.text).not.toMatch(/Kim|on call/);
});

test('who may not break the glass cannot, and an analyst sees no access', async () => {
  const ann = await makeMember(app, 'Ann', ['analyst']);
  const open = await app.json('POST', '/api/v1/break-glass', { clientId, reason }, ann.headers);
  expect([403, 404]).toContain(open.status);
  expect([403, 404]).toContain((await app.json('GET', '/api/v1/break-glass', undefined, ann.headers)).status);
});
