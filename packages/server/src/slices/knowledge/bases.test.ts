import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { makePersona, startTestApp, type TestApp } from '../../test/app.ts';
import { bases, makeBase } from '../../test/knowledge.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let author: TestMember;
let finn: TestMember;
let gail: TestMember;
let team: string;

beforeAll(async () => {
  app = await startTestApp();
  [author, finn, gail] = await Promise.all([
    makeMember(app, 'Aino', ['author']),
    makeMember(app, 'Finn', ['facilitator']),
    makeMember(app, 'Gail', ['facilitator']),
  ]);
  team = (await app.json('POST', '/api/v1/teams', { name: 'Night shift' })).body.id;
  await app.json('PUT', `/api/v1/teams/${team}/members`, { memberIds: [gail.id] });
});
afterAll(() => app.close());

const as = (who: TestMember, method: string, path: string, body?: unknown) => app.json(method, path, body, who.headers);

/** What a member gets of a base, whichever way they ask. */
async function answers(who: TestMember, base: { id: string; roomId: string }, documentId: string): Promise<number[]> {
  const path = `${bases}/${base.id}`;
  const all = await Promise.all([
    as(who, 'GET', path),
    as(who, 'GET', `${path}/documents`),
    as(who, 'GET', `${path}/documents/${documentId}`),
    as(who, 'GET', `${path}/documents/${documentId}/versions`),
    as(who, 'GET', `${path}/documents/${documentId}/file`),
    as(who, 'POST', `${path}/search`, { query: 'comet' }),
    as(who, 'GET', `/api/v1/rooms/${base.roomId}/events`),
  ]);
  const listed = (await as(who, 'GET', bases)).body.items.some((one: { id: string }) => one.id === base.id);
  return [...all.map(({ status }) => status), listed ? 200 : 404];
}

describe('who may read a knowledge base', () => {
  test('is everybody of the team who may read reference material, or whom it names', async () => {
    const base = await makeBase(app);
    const { body: document } = await app.json('POST', base.path, { title: 'Sky', text: 'A comet passes.' });
    const see = async () =>
      Promise.all([author, finn, gail].map(async (who) => [...new Set(await answers(who, base, document.id))]));
    expect(await see()).toEqual([[200], [200], [200]]);
    const put = (audience: object) => app.json('PUT', `${bases}/${base.id}`, { name: 'Material', audience });
    expect((await put({ kind: 'chosen', userIds: [finn.id] })).body.audience).toEqual({
      kind: 'chosen',
      userIds: [finn.id],
      teamIds: [],
    });
    expect(await see()).toEqual([[404], [200], [404]]);
    await put({ kind: 'chosen', teamIds: [team] });
    expect(await see()).toEqual([[404], [404], [200]]);
    await app.json('PUT', `/api/v1/teams/${team}/members`, { memberIds: [finn.id] });
    expect(await see()).toEqual([[404], [200], [404]]);
    await app.json('PUT', `/api/v1/teams/${team}/members`, { memberIds: [gail.id] });
  });

  test('changes nothing for who sees all of it, and whoever changes it keeps seeing it', async () => {
    const { body: base } = await as(author, 'POST', bases, {
      name: 'Own',
      audience: { kind: 'chosen', userIds: [author.id] },
    });
    expect((await app.json('GET', `${bases}/${base.id}`)).status).toBe(200);
    const put = (audience: object) => as(author, 'PUT', `${bases}/${base.id}`, { name: 'Own', audience });
    const out = await put({ kind: 'chosen', userIds: [finn.id] });
    expect([out.status, out.body.errors]).toMatchObject([400, [{ pointer: '/audience' }]]);
    expect((await put({ kind: 'chosen', userIds: ['00000000-0000-7000-8000-000000000000'] })).status).toBe(400);
    expect((await as(finn, 'GET', `${bases}/${base.id}`)).status).toBe(404);
    expect((await as(finn, 'PUT', `${bases}/${base.id}`, { name: 'Mine' })).status).toBe(403);
  });

  test('ends at once for a long poll that waits in its room', async () => {
    const base = await makeBase(app);
    const waiting = as(finn, 'GET', `/api/v1/rooms/${base.roomId}/events?wait=20`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await app.json('PUT', `${bases}/${base.id}`, {
      name: 'Material',
      audience: { kind: 'chosen', userIds: [gail.id] },
    });
    await app.json('POST', base.path, { title: 'Secret', text: 'Nobody reads this.' });
    expect((await waiting).status).toBe(404);
  });

  test('ends at once on a socket that follows its room', async () => {
    const base = await makeBase(app);
    const socket = new WebSocket(`${app.url.replace('http', 'ws')}/api/v1/live`, { headers: finn.headers });
    const frames: { t: string; code?: string }[] = [];
    socket.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as { t: string }));
    await once(socket, 'open');
    socket.send(JSON.stringify({ t: 'hello' }));
    await expect.poll(() => frames.some(({ t }) => t === 'welcome')).toBe(true);
    socket.send(JSON.stringify({ t: 'sub', room: base.roomId, after: 0 }));
    await expect.poll(() => frames.some(({ t }) => t === 'synced')).toBe(true);
    await app.json('POST', base.path, { title: 'Open', text: 'Anybody reads this.' });
    await expect.poll(() => frames.filter(({ t }) => t === 'ev').length).toBe(2);
    await app.json('PUT', `${bases}/${base.id}`, {
      name: 'Material',
      audience: { kind: 'chosen', userIds: [gail.id] },
    });
    await expect.poll(() => frames.some(({ t }) => t === 'denied')).toBe(true);
    await app.json('POST', base.path, { title: 'Secret', text: 'Nobody reads this.' });
    expect(frames.filter(({ t }) => t === 'ev')).toHaveLength(2);
    socket.close();
  });

  test('holds inside the statements of a search: a right that goes after the check is not answered any more', async () => {
    const base = await makeBase(app, { audience: { kind: 'chosen', userIds: [finn.id, author.id] } });
    await app.json('POST', base.path, { title: 'Sky', text: 'A comet passes at dusk.' });
    const answer = { question: 'When does the comet pass?', answer: 'At dusk.' };
    await app.json('POST', `${bases}/${base.id}/curated-answers`, answer);
    const search = () => as(finn, 'POST', `${bases}/${base.id}/search`, { query: answer.question, explain: true });
    expect((await search()).body.results).toHaveLength(2);
    // Whoever reads the index waits behind this, past the check of who may read.
    const held = await app.db.everywhere.tx(async (tx) => {
      await tx.exec('lock table index_segment in access exclusive mode');
      const waiting = search();
      const blocked = `select 1 from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and a.datname = current_database() and a.query like 'with kept_back%'`;
      await expect.poll(() => app.db.everywhere.many(blocked), { timeout: 20_000 }).toHaveLength(1);
      await app.db.everywhere.exec('delete from knowledge_reader where knowledge_base_id = $1 and user_id = $2', [
        base.id,
        finn.id,
      ]);
      return { waiting };
    });
    const { status, body } = await held.waiting;
    expect([status, body.results]).toEqual([200, []]);
    expect((await search()).status).toBe(404);
    const others = await as(author, 'POST', `${bases}/${base.id}/search`, { query: answer.question, explain: true });
    expect(others.body.results).toHaveLength(2);
  });

  test('decides who may give it to a persona, and not whom the persona then answers', async () => {
    const { body: base } = await app.json('POST', bases, {
      name: 'Kept',
      audience: { kind: 'chosen', userIds: [gail.id] },
    });
    const persona = { name: 'Mira', role: 'guide', instructions: 'Listen.' };
    const refused = await as(author, 'POST', '/api/v1/personas', { ...persona, knowledgeBaseId: base.id });
    expect([refused.status, refused.body.errors]).toMatchObject([400, [{ pointer: '/knowledgeBaseId' }]]);
    const { body: made } = await app.json('POST', '/api/v1/personas', { ...persona, knowledgeBaseId: base.id });
    // Who may not read it may go on changing the rest of the persona.
    expect((await as(author, 'PATCH', `/api/v1/personas/${made.id}`, { name: 'Nora' })).status).toBe(200);
  });
});

test('a base is described, renamed and read back', async () => {
  const about = { description: 'What we tell at the door.', language: 'de' };
  const { status, body } = await app.json('POST', bases, { name: 'Door', ...about });
  expect([status, body]).toMatchObject([201, { name: 'Door', ...about, audience: { kind: 'organisation' } }]);
  const put = await app.json('PUT', `${bases}/${body.id}`, { name: 'Gate' });
  expect(put.body).toMatchObject({ name: 'Gate', description: '', language: null });
  const read = await app.json('GET', `${bases}/${body.id}`);
  const empty = { personas: [], embeddings: null, cursor: 0, states: {}, folders: [], tags: [] };
  expect(read.body).toEqual({ ...put.body, ...empty });
});

test('it shows which personas use it, and goes only when no published one does, or when that is meant', async () => {
  const base = await makeBase(app);
  await base.upload([['Tea.txt', 'Tea is free.']]);
  await base.settled(1);
  const path = `${bases}/${base.id}`;
  const published = await makePersona(app, { name: 'Pia', knowledgeBaseId: base.id });
  const { body: drafted } = await app.json('POST', '/api/v1/personas', {
    name: 'Dora',
    role: 'guide',
    instructions: 'Listen.',
    knowledgeBaseId: base.id,
  });
  expect((await app.json('GET', path)).body.personas).toEqual([
    { id: drafted.id, name: 'Dora', published: false },
    { id: published, name: 'Pia', published: true },
  ]);
  const refused = await as(author, 'DELETE', path);
  expect([refused.status, refused.body]).toMatchObject([
    409,
    { code: 'in-use', detail: expect.stringContaining('Pia') },
  ]);
  expect((await app.json('DELETE', `${path}?force=true`)).status).toBe(200);
  expect((await app.json('GET', path)).status).toBe(404);
  expect((await app.json('GET', `/api/v1/rooms/${base.roomId}/events`)).status).toBe(404);
  for (const table of ['document', 'document_version', 'chunk', 'blob'] as const) {
    const rows = await app.db.everywhere.many(
      table === 'blob'
        ? `select 1 from blob where state <> 'kept'`
        : table === 'chunk'
          ? `select 1 from chunk c where not exists (select 1 from document d where d.id = c.document_id)`
          : table === 'document'
            ? `select 1 from document where knowledge_base_id = $1`
            : `select 1 from document_version v where not exists (select 1 from document d where d.id = v.document_id)`,
      table === 'document' ? [base.id] : [],
    );
    expect(rows, table).toEqual([]);
  }
  const other = await makeBase(app);
  expect((await app.json('DELETE', `${bases}/${other.id}`)).status).toBe(200);
});
