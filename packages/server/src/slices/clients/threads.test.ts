import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, startTestApp, type TestApp } from '../../test/app.ts';
import { makeMember, type TestMember } from '../../test/team.ts';

let app: TestApp;
let personaId: string;
let finn: TestMember;
let vera: TestMember;
/** Anna is Finn's, Ben is nobody's. */
let anna: string;
let ben: string;

const call = (method: string, path: string, body?: unknown, as?: TestMember) =>
  app.json(method, `/api/v1${path}`, body, as?.headers);
const begin = async (clientId: string, more: object = {}) =>
  (await call('POST', `/clients/${clientId}/threads`, { name: 'Flying', ...more })).body;
const start = async (body: object) => call('POST', '/sessions', { personaId, ...body });
const codes = ({ status, body }: { status: number; body: { code?: string; errors?: { pointer: string }[] } }) => [
  status,
  body.code,
  ...(body.errors ?? []).map(({ pointer }) => pointer),
];
const names = async (path: string, as?: TestMember): Promise<string[]> =>
  (await call('GET', path, undefined, as)).body.items.map(({ name }: { name: string }) => name);

beforeAll(async () => {
  app = await startTestApp();
  personaId = await makePersona(app);
  [anna, ben] = (await Promise.all(
    ['Anna', 'Ben'].map(async (name) => (await call('POST', '/clients', { name })).body.id as string),
  )) as [string, string];
  [finn, vera] = await Promise.all([makeMember(app, 'Finn', ['facilitator']), makeMember(app, 'Vera', ['analyst'])]);
  await call('PUT', `/clients/${anna}/assignments`, { memberIds: [finn.id] });
});
afterAll(() => app?.close());

test('a thread has a name, a description, a stage, a status and tags, and is changed by whoever read it last', async () => {
  const { body: goal } = await call('POST', `/clients/${anna}/goals`, { title: 'Fly to Oslo' });
  const made = await call(
    'POST',
    `/clients/${anna}/threads`,
    {
      name: 'Fear of flying',
      description: 'Since the\nstorm.',
      stage: 'Exposure',
      tags: ['Fear', 'fear'],
      goalIds: [goal.id],
    },
    finn,
  );
  expect(made).toMatchObject({
    status: 201,
    body: {
      client: { id: anna, name: 'Anna' },
      name: 'Fear of flying',
      description: 'Since the\nstorm.',
      stage: 'Exposure',
      status: 'open',
      tags: ['Fear'],
      goalIds: [goal.id],
      folderId: null,
      revision: 0,
      createdBy: finn.id,
      changedBy: finn.id,
    },
  });
  const path = `/threads/${made.body.id}`;
  expect((await call('GET', path, undefined, finn)).body).toEqual(made.body);
  const changed = await call('PATCH', path, { revision: 0, status: 'paused', stage: '' });
  expect(changed.body).toMatchObject({
    name: 'Fear of flying',
    status: 'paused',
    stage: '',
    revision: 1,
    tags: ['Fear'],
  });
  expect(changed.body.changedBy).not.toBe(finn.id);
  expect(codes(await call('PATCH', path, { revision: 0, name: 'Late' }, finn))).toEqual([409, 'conflict']);
  const bad = [
    {},
    { name: 'Without revision' },
    { revision: 1, name: ' ' },
    { revision: 1, status: 'gone' },
    { revision: 1, stage: 'Two\nlines' },
    { revision: 1, color: 'red' },
    { revision: 1, folderId: randomUUID() },
    { revision: 1, goalIds: [goal.id, randomUUID()] },
  ];
  for (const body of bad) expect((await call('PATCH', path, body)).status, JSON.stringify(body)).toBe(400);
  expect(codes(await call('POST', `/clients/${ben}/threads`, { name: 'Other', goalIds: [goal.id] }))).toEqual([
    400,
    'invalid-body',
    '/goalIds',
  ]);
  // Sealed: nothing of it can be read in the database.
  const { row } = await app.db.everywhere.one<{ row: string }>(
    `select encode(body, 'escape') || row_to_json(thread)::text as row from thread where id = $1`,
    [made.body.id],
  );
  expect(row).not.toMatch(/flying|storm|Fear/);
});

test('a list is narrowed by a part of the name, status, tag, folder and client, page by page', async () => {
  const { body: client } = await call('POST', '/clients', { name: 'Cleo' });
  const { body: top } = await call('POST', '/thread-folders', { name: 'Anxiety' });
  const { body: below } = await call('POST', '/thread-folders', { name: 'Planes', parentId: top.id });
  await begin(client.id, { name: 'Planes', folderId: below.id, tags: ['a'] });
  await begin(client.id, { name: 'Plans', folderId: top.id, status: 'done' });
  await begin(client.id, { name: 'Sleep', tags: ['A', 'b'] });
  const of = (query: string) => names(`/threads?clientId=${client.id}&${query}`);
  expect(await of('')).toEqual(['Sleep', 'Plans', 'Planes']);
  expect(await of('q=PLAN')).toEqual(['Plans', 'Planes']);
  expect(await of('status=done')).toEqual(['Plans']);
  expect(await of('tag=a')).toEqual(['Sleep', 'Planes']);
  expect(await of(`folder=${top.id}`)).toEqual(['Plans', 'Planes']);
  expect(await of(`folder=${below.id}`)).toEqual(['Planes']);
  expect(await of('folder=none')).toEqual(['Sleep']);
  expect(await of(`folder=${randomUUID()}`)).toEqual([]);
  expect(await names(`/clients/${client.id}/threads?q=sleep`)).toEqual(['Sleep']);
  expect(codes(await call('GET', '/threads?folder=nowhere'))).toEqual([400, 'invalid-body', '/folder']);
  for (const query of ['', 'q=plan&']) {
    const seen: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await call('GET', `/threads?clientId=${client.id}&${query}limit=1${cursor}`);
      seen.push(...body.items.map(({ name }: { name: string }) => name));
      if (!body.next) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toEqual(query ? ['Plans', 'Planes'] : ['Sleep', 'Plans', 'Planes']);
  }
});

test('who does not look after the client, or may not see clients, gets what an unknown id gets', async () => {
  const thread = await begin(ben, { name: 'Of Ben' });
  const { body: memory } = await call('POST', `/clients/${ben}/memories`, { statement: 'Likes tea.' });
  const asked: [string, (thread: string, client: string) => string, object?][] = [
    ['GET', (t) => `/threads/${t}`],
    ['PATCH', (t) => `/threads/${t}`, { revision: 0, name: 'Mine' }],
    ['DELETE', (t) => `/threads/${t}`],
    ['PUT', (t) => `/threads/${t}/memories/${memory.id}`],
    ['DELETE', (t) => `/threads/${t}/memories/${memory.id}`],
    ['GET', (_t, c) => `/clients/${c}/threads`],
    ['POST', (_t, c) => `/clients/${c}/threads`, { name: 'Mine' }],
  ];
  for (const [method, path, body] of asked) {
    const answers = [
      await call(method, path(thread.id, ben), body, finn),
      await call(method, path(randomUUID(), randomUUID()), body, finn),
    ];
    const [one, other] = answers.map((answer) => ({ ...answer.body, instance: '', status: answer.status }));
    expect(one, `${method} ${path('thread', 'client')}`).toEqual(other);
    expect(one?.status).toBe(404);
    expect((await call(method, path(thread.id, ben), body, vera)).status).toBe(403);
  }
  expect(await names('/threads?q=of ben', finn)).toEqual([]);
  expect(await names(`/threads?clientId=${ben}`, finn)).toEqual([]);
  expect(await names('/threads?q=of ben')).toEqual(['Of Ben']);
  // Another client's thread is none for a session of Anna.
  expect(codes(await start({ clientId: anna, threadId: thread.id }))).toEqual([400, 'invalid-body', '/threadId']);
});

test('a session continues a thread of its client, from its start or later, and the thread has its sessions', async () => {
  const thread = await begin(anna);
  const { body: session } = await start({ clientId: anna, threadId: thread.id });
  expect(session.threadId).toBe(thread.id);
  const { body: later } = await start({ clientId: anna });
  expect(later.threadId).toBeNull();
  const put = (id: string, threadId: string | null, as?: TestMember) =>
    call('PUT', `/sessions/${id}/thread`, { threadId }, as);
  await call('POST', `/sessions/${later.id}/end`);
  expect((await put(later.id, thread.id, finn)).status).toBe(200);
  expect((await call('GET', `/sessions/${later.id}`)).body.threadId).toBe(thread.id);
  const listed = async () =>
    (await call('GET', `/sessions?threadId=${thread.id}`)).body.items.map(({ id }: { id: string }) => id);
  expect((await listed()).sort()).toEqual([session.id, later.id].sort());
  const { events } = (await call('GET', `/rooms/${later.roomId}/events?limit=100`)).body;
  expect(events.at(-1)).toMatchObject({ type: 'session.thread', audience: 'staff', data: { threadId: thread.id } });
  expect((await put(later.id, null)).status).toBe(200);
  expect(await listed()).toEqual([session.id]);
  expect(codes(await put(later.id, randomUUID()))).toEqual([400, 'invalid-body', '/threadId']);
  expect(codes(await put((await start({})).body.id, thread.id))).toEqual([400, 'invalid-body', '/threadId']);
  expect(codes(await start({ threadId: thread.id }))).toEqual([400, 'invalid-body', '/threadId']);
  expect((await put(later.id, null, vera)).status).toBe(403);
  // It does not go while something belongs to it.
  expect(codes(await call('DELETE', `/threads/${thread.id}`))).toEqual([409, 'in-use']);
  await put(session.id, null);
  expect((await call('DELETE', `/threads/${thread.id}`)).status).toBe(200);
  expect((await call('GET', `/threads/${thread.id}`)).status).toBe(404);
});
