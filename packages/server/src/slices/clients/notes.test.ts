import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp, type TestSession } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { makeMember, type TestMember } from '../../test/team.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let clientId: string;
let session: TestSession;
/** Ann and Ben look after the client, Cleo after nobody, Sue sees every client without looking after any. */
const team = {} as Record<'ann' | 'ben' | 'cleo' | 'sue', TestMember>;

const kinds = ['shared', 'private', 'psychotherapy'] as const;
const as = (member: TestMember, method: string, path: string, body?: unknown) =>
  app.json(method, `/api/v1${path}`, body, member.headers);
const texts = async (member: TestMember, path = `/clients/${clientId}/notes`) => {
  const { status, body } = await as(member, 'GET', path);
  return status === 200 ? body.items.map((note: { text: string }) => note.text).sort() : status;
};

beforeAll(async () => {
  ({ app, upstream } = await startPlayed('words-5'));
  for (const [name, role] of [
    ['ann', 'facilitator'],
    ['ben', 'facilitator'],
    ['cleo', 'facilitator'],
    ['sue', 'administrator'],
  ] as const)
    team[name] = await makeMember(app, name, [role]);
  clientId = (await app.json('POST', '/api/v1/clients', { name: 'Robin' })).body.id;
  await app.json('PUT', `/api/v1/clients/${clientId}/assignments`, { memberIds: [team.ann.id, team.ben.id] });
  session = await makeSession(app, await makePersona(app), { clientId });
  for (const kind of kinds) {
    await as(team.ann, 'POST', `/clients/${clientId}/notes`, { kind, text: `canary-${kind}` });
    await as(team.ann, 'POST', `/sessions/${session.id}/notes`, { kind, text: `canary-${kind}-session` });
  }
});
afterAll(() => app?.close());

const shared = ['canary-shared', 'canary-shared-session'];
const psychotherapy = ['canary-psychotherapy', 'canary-psychotherapy-session'];
const own = ['canary-private', 'canary-private-session'];

test('each kind is read by those it is for: a private note by its author alone, not by who sees every client', async () => {
  expect(await texts(team.ann)).toEqual([...own, ...psychotherapy, ...shared].sort());
  expect(await texts(team.ben)).toEqual([...psychotherapy, ...shared].sort());
  expect(await texts(team.sue)).toEqual(shared);
  expect(await texts(team.cleo)).toBe(404);
  expect(await texts(team.ben, `/sessions/${session.id}/notes`)).toEqual([psychotherapy[1], shared[1]]);
  expect((await app.json('GET', `/api/v1/sessions/${session.id}/notes`, undefined, session.client)).status).toBe(404);
});

test('only the author changes and deletes a note, for as long as they see the client', async () => {
  const path = `/clients/${clientId}/notes`;
  const { id } = (await as(team.ann, 'POST', path, { kind: 'shared', text: 'first' })).body;
  for (const other of [team.ben, team.sue, team.cleo]) {
    expect((await as(other, 'PATCH', `/notes/${id}`, { text: 'mine' })).status).toBe(404);
    expect((await as(other, 'DELETE', `/notes/${id}`)).status).toBe(404);
  }
  expect((await as(team.ann, 'PATCH', `/notes/${id}`, { text: 'second' })).body).toMatchObject({
    text: 'second',
    mine: true,
    kind: 'shared',
  });
  await app.json('PUT', `/api/v1/clients/${clientId}/assignments`, { memberIds: [team.ben.id] });
  expect((await as(team.ann, 'DELETE', `/notes/${id}`)).status).toBe(404);
  await app.json('PUT', `/api/v1/clients/${clientId}/assignments`, { memberIds: [team.ann.id, team.ben.id] });
  expect((await as(team.ann, 'DELETE', `/notes/${id}`)).status).toBe(204);
  expect(await texts(team.ann)).not.toContain('second');
});

test('a broken glass opens private notes for its time, and each reading is in the audit log', async () => {
  const opened = async () =>
    (await app.json('GET', `/api/v1/audit?subjectId=${clientId}`)).body.items.filter(
      (entry: { act: string }) => entry.act === 'note.opened',
    );
  expect(await opened()).toEqual([]);
  const grant = await as(team.sue, 'POST', '/break-glass', { clientId, reason: 'Ann is ill and cannot be reached.' });
  expect(await texts(team.sue)).toEqual([...own, ...psychotherapy, ...shared].sort());
  const [entry, ...further] = await opened();
  expect([entry.actor.id, further]).toEqual([team.sue.id, []]);
  expect(JSON.stringify(entry)).toContain(team.ann.id);
  await as(team.sue, 'POST', `/break-glass/${grant.body.id}/end`);
  expect(await texts(team.sue)).toEqual(shared);
});

test('a rehearsal has notes, too: of whoever runs it', async () => {
  const rehearsal = (await as(team.cleo, 'POST', '/sessions', { personaId: await makePersona(app) })).body.id;
  const path = `/sessions/${rehearsal}/notes`;
  const { id } = (await as(team.cleo, 'POST', path, { kind: 'psychotherapy', text: 'tried out' })).body;
  expect((await as(team.cleo, 'PATCH', `/notes/${id}`, { text: 'tried anew' })).status).toBe(200);
  expect(await texts(team.cleo, path)).toEqual(['tried anew']);
  expect(await texts(team.ann, path)).toBe(404);
  expect(await texts(team.sue, path)).toEqual([]);
});

test('no private and no psychotherapy note reaches a model, whatever the persona is told; shared ones do where chosen', async () => {
  const sent = async (notes: boolean) => {
    await app.json('PATCH', `/api/v1/clients/${clientId}`, { personaKnows: { goals: true, riskFactors: true, notes } });
    const before = upstream.requests.length;
    await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: `Told ${notes}?` }, session.client);
    await expect
      .poll(async () => {
        const { items } = (await app.json('GET', `/api/v1/sessions/${session.id}/messages`)).body;
        return items.at(-1).author;
      })
      .toBe('persona');
    const requests = JSON.stringify(upstream.requests.slice(before));
    expect(requests).toContain(`Told ${notes}?`);
    return [...new Set(requests.match(/canary-[a-z-]+/g))].sort();
  };
  expect(await sent(false)).toEqual([]);
  expect(await sent(true)).toEqual(shared);
  expect(JSON.stringify(upstream.requests)).not.toMatch(/canary-(private|psychotherapy)/);
});
