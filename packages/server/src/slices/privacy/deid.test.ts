import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeMember } from '../../test/team.ts';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';

let app: TestApp;
let persona: string;
/** Cookie of a second member of the team. */
let second: { cookie: string };

beforeAll(async () => {
  app = await startTestApp();
  persona = await makePersona(app);
  second = (await makeMember(app, 'Rita Reviewer', ['supervisor'])).headers;
});
afterAll(() => app?.close());

async function conversation(clientName: string, texts: string[]) {
  const { body: client } = await app.json('POST', '/api/v1/clients', {
    name: clientName,
    about: 'Her son Zebulon is ill.',
  });
  const session = await makeSession(app, persona, { clientId: client.id });
  for (const text of texts) await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text }, session.client);
  await expect
    .poll(async () => (await app.json('GET', `/api/v1/sessions/${session.id}/messages`)).body.items.at(-1))
    .toMatchObject({ author: 'persona' });
  return { ...session, clientId: client.id as string };
}
const create = (body: object) => app.json('POST', '/api/v1/privacy/deid-exports', body);
const decide = (id: string, approved: boolean, as: Record<string, string> = second) =>
  app.json('POST', `/api/v1/privacy/deid-exports/${id}/decision`, { approved }, as);
const download = (id: string) => app.json('GET', `/api/v1/privacy/deid-exports/${id}/download`);
const items = (id: string) => app.json('GET', `/api/v1/privacy/deid-exports/${id}/items`, undefined, second);

test('an export is read by a second person before anybody gets it, and then holds no identifier', async () => {
  const one = await conversation('Ada Canaryfield', [
    'I am Ada Canaryfield, ring me at +43 660 123 45 67 or ada@canary.example.',
    'zebulon turned 93, no, 9. We met on 5 March 2024.',
  ]);
  const made = await create({ form: 'anonymised', sessionIds: [one.id] });
  expect(made).toMatchObject({ status: 201, body: { status: 'waiting', sessions: 1, leftOut: 0, reviewedBy: null } });
  const { id } = made.body;
  expect(await download(id)).toMatchObject({ status: 409, body: { code: 'wrong-state' } });
  expect(await decide(id, true, {})).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  const shown = (await items(id)).body.items[0].messages;
  const replaced = shown.flatMap((m: { pieces: { original?: string; category?: string }[] }) =>
    m.pieces.filter((p) => p.original).map((p) => `${p.category}: ${p.original}`),
  );
  expect(replaced).toEqual(
    expect.arrayContaining([
      'name: Ada Canaryfield',
      'phone: +43 660 123 45 67',
      'email: ada@canary.example',
      'name: zebulon',
      'date: 5 March 2024',
    ]),
  );
  const signed = await decide(id, true);
  expect(signed.body).toMatchObject({ status: 'approved', reviewedBy: { name: 'Rita Reviewer' } });
  expect((await decide(id, false)).status).toBe(409);
  const file = await download(id);
  expect(file.headers.get('content-disposition')).toContain('attachment');
  const text = JSON.stringify(file.body);
  for (const gone of ['Ada', 'Canaryfield', '660', 'canary', 'ebulon', 'March', one.id, one.clientId])
    expect(text).not.toContain(gone);
  expect(file.body.sessions[0]).toMatchObject({ session: '1', year: new Date().getUTCFullYear() });
  expect(file.body.sessions[0].client).toBeUndefined();
  expect(text).toContain('[NAME 1]');
  // What stood there is forgotten with the decision.
  expect(JSON.stringify((await items(id)).body)).not.toContain('Canaryfield');
});

test('pseudonyms are the same for the same person in every export, and say nothing without the key', async () => {
  const one = await conversation('Bela Canaryson', ['This is Bela Canaryson.']);
  const bodies = [];
  for (let i = 0; i < 2; i += 1) {
    const { body } = await create({ form: 'pseudonymised', sessionIds: [one.id] });
    await decide(body.id, true);
    bodies.push((await download(body.id)).body);
  }
  expect(bodies[0].sessions).toEqual(bodies[1].sessions);
  expect(bodies[0].sessions[0].client).toMatch(/^[0-9a-f]{8}$/);
  expect(bodies[0].sessions[0].messages[0]).toMatchObject({ author: 'client', day: 1 });
  expect(JSON.stringify(bodies[0])).toMatch(/\[NAME [0-9a-f]{8}\]/);
});

test('a term that a reviewer missed is taken out of the next export', async () => {
  const one = await conversation('Cleo', ['i go to the blue heron every week']);
  const first = await create({ form: 'anonymised', sessionIds: [one.id] });
  expect(JSON.stringify((await items(first.body.id)).body)).not.toContain('"original":"blue heron"');
  expect((await decide(first.body.id, false)).body.status).toBe('rejected');
  expect((await items(first.body.id)).body.items).toEqual([]);
  const next = await create({ form: 'anonymised', sessionIds: [one.id], terms: ['blue heron'] });
  expect(JSON.stringify((await items(next.body.id)).body)).toContain('"original":"blue heron"');
});

test('who has not agreed is left out, and who withdraws is left out of what was approved before', async () => {
  await app.json('PUT', '/api/v1/privacy/consents/research', { asked: true });
  const [yes, no] = [await conversation('Dora', ['hello there']), await conversation('Egon', ['hello here'])];
  const say = (clientId: string, given: boolean) =>
    app.json('POST', `/api/v1/clients/${clientId}/consents`, { purpose: 'research', given });
  expect(await create({ form: 'anonymised', sessionIds: [no.id] })).toMatchObject({
    status: 403,
    body: { code: 'consent-needed' },
  });
  await say(yes.clientId, true);
  const made = await create({ form: 'anonymised', sessionIds: [yes.id, no.id] });
  expect(made.body).toMatchObject({ sessions: 1, leftOut: 1 });
  await decide(made.body.id, true);
  expect((await download(made.body.id)).body.sessions).toHaveLength(1);
  await say(yes.clientId, false);
  expect((await download(made.body.id)).body.sessions).toEqual([]);
  await app.json('PUT', '/api/v1/privacy/consents/research', { asked: false });
});

test('an export stands sealed, and goes with its sessions', async () => {
  const one = await conversation('Fia Canarylane', ['I am Fia Canarylane.']);
  const { body } = await create({ form: 'anonymised', sessionIds: [one.id] });
  const rows = await app.db.everywhere.many<{ body: Buffer }>('select body from deid_item');
  expect(rows.some((row) => row.body.includes('Canarylane'))).toBe(false);
  await app.db.everywhere.exec(`update session set last_activity_at = now() - interval '400 days' where id = $1`, [
    one.id,
  ]);
  await app.json('PUT', '/api/v1/privacy/retention/sessions', { days: 365, expected: 1 });
  await expect.poll(async () => (await items(body.id)).body.items).toEqual([]);
  expect((await app.json('DELETE', `/api/v1/privacy/deid-exports/${body.id}`)).status).toBe(200);
  expect((await items(body.id)).status).toBe(404);
});

test('an unknown session, and a client’s token, get nothing', async () => {
  expect((await create({ form: 'anonymised', sessionIds: [randomUUID()] })).status).toBe(404);
  const session = await makeSession(app, persona);
  expect((await app.json('GET', '/api/v1/privacy/deid-exports', undefined, session.client)).status).toBe(404);
});

test('an analyst prepares an export without seeing a client, of what was picked for them', async () => {
  await conversation('Gesa Canarybrook', ['Gesa Canarybrook here again.']);
  const { headers } = await makeMember(app, 'Arno Analyst', ['analyst']);
  const today = new Date().toISOString().slice(0, 10);
  const call = (path: string, body?: object) =>
    app.json(body ? 'POST' : 'GET', `/api/v1/privacy/deid-exports${path}`, body, headers);
  const made = await call('', { form: 'anonymised', pick: { personaId: persona, from: today } });
  expect(made.status).toBe(201);
  expect(made.body.sessions).toBeGreaterThan(0);
  expect((await call(`/${made.body.id}/items`)).status).toBe(403);
  expect((await decide(made.body.id, true)).status).toBe(200);
  const file = await call(`/${made.body.id}/download`);
  expect(file.status).toBe(200);
  expect(JSON.stringify(file.body)).not.toContain('Canarybrook');
  const { items: entries } = (await app.json('GET', `/api/v1/audit?subjectId=${made.body.id}`)).body;
  expect(entries.map(({ act }: { act: string }) => act)).toEqual(['deid.downloaded', 'deid.reviewed', 'deid.prepared']);
  expect((await call('', { form: 'anonymised', pick: { from: '2099-01-01' } })).status).toBe(400);
  expect((await call('', { form: 'anonymised' })).status).toBe(400);
});
