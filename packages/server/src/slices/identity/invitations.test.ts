import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makePersona, startTestApp, type TestApp } from '../../test/app.ts';

let app: TestApp;
let other: TestApp;
let personaId: string;
let sessionId: string;

beforeAll(async () => {
  app = await startTestApp();
  other = await app.second();
  personaId = await makePersona(app);
});
afterAll(async () => {
  await other.close();
  await app.close();
});
beforeEach(async () => {
  sessionId = (await app.json('POST', '/api/v1/sessions', { personaId })).body.id;
});

const invite = async (body: object = {}) =>
  (await app.json('POST', `/api/v1/sessions/${sessionId}/invitations`, body)).body;
const accept = (token: string, body: object = {}) => app.json('POST', `/api/v1/invitations/${token}/accept`, body);
const statusOf = async (server: TestApp, accessToken: string) =>
  (await server.json('GET', '/api/v1/me', undefined, { authorization: `Bearer ${accessToken}` })).status;

test('an invitation is a link under the address the request came to, good for a week', async () => {
  const made = await app.json('POST', `/api/v1/sessions/${sessionId}/invitations`, {});
  expect(made.status).toBe(201);
  expect(made.body.url).toBe(`${app.url}/join/${made.body.token}`);
  expect(Date.parse(made.body.expiresAt) - Date.now()).toBeGreaterThan(6.9 * 86_400_000);
});

test('whoever holds the link is told who invites and to whom, and of a dead link nothing', async () => {
  const look = (token: string) => app.json('GET', `/api/v1/invitations/${token}`);
  const { id, token } = await invite({ alias: 'Blue' });
  const { status, body } = await look(token);
  expect([status, body]).toEqual([
    200,
    { organisation: { name: 'Test House' }, persona: { name: 'Mira', role: 'wellbeing coach' } },
  ]);
  await app.json('DELETE', `/api/v1/sessions/${sessionId}/invitations/${id}`);
  const expired = await invite({ expiresInSeconds: 60 });
  await app.db.everywhere.exec(`update invitation set expires_at = now() where id = $1`, [expired.id]);
  const [withdrawn, over, unknown] = [await look(token), await look(expired.token), await look(randomUUID())];
  const told = [withdrawn, over, unknown].map((one) => [one.status, { ...one.body, instance: '' }]);
  expect(told).toEqual([told[2], told[2], [410, expect.objectContaining({ code: 'invitation-gone' })]]);
  // Looking accepts nothing.
  const { body: list } = await app.json('GET', `/api/v1/sessions/${sessionId}/invitations`);
  expect(list.items.map((one: { acceptedAt: unknown }) => one.acceptedAt)).toEqual([null, null]);
});

test('accepting gives a token for the client’s side of that session alone', async () => {
  const { token } = await invite({ alias: 'Blue' });
  const { status, body } = await accept(token);
  expect([status, body.sessionId]).toEqual([200, sessionId]);
  expect(body.roomId).toMatch(/^[\da-f-]{36}$/);
  const authorization = `Bearer ${body.accessToken}`;
  expect((await app.json('GET', '/api/v1/me', undefined, { authorization })).body).toMatchObject({
    kind: 'client',
    name: 'Blue',
  });
  const list = await app.json('GET', `/api/v1/sessions/${sessionId}/invitations`, undefined, { authorization });
  expect(list.status).toBe(404);
});

test('an alias given when accepting goes before the invitation’s', async () => {
  const { token } = await invite({ alias: 'Blue' });
  const { body } = await accept(token, { alias: 'Green' });
  const me = await app.json('GET', '/api/v1/me', undefined, { authorization: `Bearer ${body.accessToken}` });
  expect(me.body.name).toBe('Green');
});

test('a second device of the same client gets an access token of its own', async () => {
  const { token } = await invite();
  const [first, second] = await Promise.all([accept(token), accept(token)]);
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(first.body.accessToken).not.toBe(second.body.accessToken);
  expect(await statusOf(app, first.body.accessToken)).toBe(200);
});

test('an unknown, an expired and a withdrawn invitation are answered alike', async () => {
  const expired = await invite();
  await app.db.everywhere.exec(`update invitation set expires_at = now() - interval '1 second' where id = $1`, [
    expired.id,
  ]);
  const withdrawn = await invite();
  await app.json('DELETE', `/api/v1/sessions/${sessionId}/invitations/${withdrawn.id}`);
  const problems = [];
  for (const token of ['unknown', expired.token, withdrawn.token]) {
    const { status, body } = await accept(token);
    problems.push({ status, ...body, instance: '' });
  }
  expect(problems[0]).toMatchObject({ status: 410, code: 'invitation-gone' });
  expect(problems[1]).toEqual(problems[0]);
  expect(problems[2]).toEqual(problems[0]);
});

test('withdrawing an invitation ends its access tokens, on every server within a second', async () => {
  const { id, token } = await invite();
  const { accessToken } = (await accept(token)).body;
  expect([await statusOf(app, accessToken), await statusOf(other, accessToken)]).toEqual([200, 200]);
  expect((await app.json('DELETE', `/api/v1/sessions/${sessionId}/invitations/${id}`)).status).toBe(200);
  expect(await statusOf(app, accessToken)).toBe(401);
  await sleep(1000);
  expect(await statusOf(other, accessToken)).toBe(401);
});

test('the list shows what became of each invitation, newest first and paged, and no token', async () => {
  const made = [await invite({ alias: 'A' }), await invite({ alias: 'B' }), await invite({ alias: 'C' })];
  await accept(made[0].token);
  await app.json('DELETE', `/api/v1/sessions/${sessionId}/invitations/${made[1].id}`);
  const path = `/api/v1/sessions/${sessionId}/invitations?limit=2`;
  const first = await app.json('GET', path);
  const second = await app.json('GET', `${path}&cursor=${first.body.next}`);
  const items = [...first.body.items, ...second.body.items];
  expect(items.map((i: { alias: string }) => i.alias)).toEqual(['C', 'B', 'A']);
  expect(items[1].revokedAt).not.toBeNull();
  expect(items[2].acceptedAt).not.toBeNull();
  expect(second.body.next).toBeNull();
  for (const { token } of made) expect(JSON.stringify(items)).not.toContain(token);
});

test('an invitation into a session that does not exist, or through another session, is not found', async () => {
  const { id } = await invite();
  const missing = randomUUID();
  expect((await app.json('POST', `/api/v1/sessions/${missing}/invitations`, {})).status).toBe(404);
  expect((await app.json('GET', `/api/v1/sessions/${missing}/invitations`)).status).toBe(404);
  expect((await app.json('DELETE', `/api/v1/sessions/${missing}/invitations/${id}`)).status).toBe(404);
  expect((await app.json('DELETE', `/api/v1/sessions/${sessionId}/invitations/${missing}`)).status).toBe(404);
});

test('an invitation that would live too short or too long is refused', async () => {
  for (const expiresInSeconds of [0, 59, 90 * 86_400 + 1, 1.5, '60']) {
    const path = `/api/v1/sessions/${sessionId}/invitations`;
    expect((await app.json('POST', path, { expiresInSeconds })).status).toBe(400);
  }
});
