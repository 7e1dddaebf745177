import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePersona, makeSession, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { remembering } from '../../test/remembering.ts';
import { talking, until } from '../../test/talking.ts';
import type { Upstream } from '../../test/upstream.ts';

let app: TestApp;
let upstream: Upstream;
let persona: string;
let memory: ReturnType<typeof remembering>;

beforeAll(async () => {
  ({ app, upstream } = await startPlayed());
  persona = await makePersona(app);
  memory = remembering(app, upstream);
});
afterAll(() => app?.close());

const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  app.json(method, `/api/v1${path}`, body, headers);
const begin = async (clientId: string, name: string): Promise<string> =>
  (await call('POST', `/clients/${clientId}/threads`, { name })).body.id;
const write = (threadId: string, body: object) => call('POST', `/threads/${threadId}/memories`, body);
const statements = async (path: string, headers?: Record<string, string>): Promise<string[]> =>
  (await call('GET', path, undefined, headers)).body.items
    .map(({ statement }: { statement: string }) => statement)
    .sort();

test('what is remembered of a thread is told in its sessions and in no other, beside what is remembered of the client', async () => {
  const client = await memory.makeClient();
  const [flying, work] = [await begin(client, 'Flying'), await begin(client, 'Work')];
  const made = await write(flying, { statement: 'Gets nervous over turbulence on a plane.' });
  expect(made).toMatchObject({
    status: 201,
    body: { subject: { kind: 'thread', id: flying }, clientId: client, status: 'approved' },
  });
  await memory.write(client, { statement: 'Once took a plane to Lisbon.' });
  const told = async (threadId?: string) => {
    const session = await makeSession(app, persona, { clientId: client, ...(threadId ? { threadId } : {}) });
    const { prompt } = await memory.say(session, 'Next week I take a plane again.');
    return ['turbulence', 'Lisbon'].filter((word) => prompt.includes(word));
  };
  expect(await told(flying)).toEqual(['turbulence', 'Lisbon']);
  expect(await told(work)).toEqual(['Lisbon']);
  expect(await told()).toEqual(['Lisbon']);
});

test('a thread has its own memories and those it refers to; a client’s list has all of them', async () => {
  const client = await memory.makeClient();
  const thread = await begin(client, 'Sleep');
  await write(thread, { statement: 'Keeps a diary of nights.' });
  const { body: other } = await memory.write(client, { statement: 'Drinks coffee late.' });
  const path = `/threads/${thread}/memories`;
  expect(await statements(path)).toEqual(['Keeps a diary of nights.']);
  for (const _ of [1, 2]) expect((await call('PUT', `${path}/${other.id}`)).status).toBe(200);
  expect(await statements(path)).toEqual(['Drinks coffee late.', 'Keeps a diary of nights.']);
  expect(await statements(`${path}?status=proposed`)).toEqual([]);
  expect(await statements(`/clients/${client}/memories`)).toEqual(['Drinks coffee late.', 'Keeps a diary of nights.']);
  for (const _ of [1, 2]) expect((await call('DELETE', `${path}/${other.id}`)).status).toBe(200);
  expect(await statements(path)).toEqual(['Keeps a diary of nights.']);
  // Neither another client's memory nor a persona's, nor one that is not there.
  const { body: foreign } = await memory.write(await memory.makeClient(), { statement: 'Somebody else.' });
  const { body: own } = await call('POST', `/personas/${persona}/memories`, { statement: 'Has a dog.' });
  for (const id of [foreign.id, own.id, randomUUID()]) expect((await call('PUT', `${path}/${id}`)).status).toBe(404);
  expect((await write(randomUUID(), { statement: 'Of nobody.' })).status).toBe(404);
  expect((await write(thread, { statement: ' ' })).status).toBe(400);
});

test('it quotes the client’s own sessions only, is corrected as a thread’s, and keeps its thread', async () => {
  const client = await memory.makeClient();
  const thread = await begin(client, 'Bread');
  const quote = async (clientId: string) => {
    const session = await makeSession(app, persona, { clientId });
    const { message } = (await talking(app).post(session, 'I bake on Sundays.')).body;
    return { messageId: message.id, start: 0, end: 18, quote: 'I bake on Sundays.' };
  };
  const foreign = await quote(await memory.makeClient());
  expect((await write(thread, { statement: 'Bakes.', evidence: [foreign] })).status).toBe(400);
  const made = await write(thread, { statement: 'Bakes.', evidence: [await quote(client)] });
  expect(made.status).toBe(201);
  const corrected = await memory.act(made.body.id, 'correct', { statement: 'Bakes on Sundays.' });
  expect(corrected.body.subject).toEqual({ kind: 'thread', id: thread });
  expect((await call('DELETE', `/threads/${thread}`)).body.code).toBe('in-use');
});

test('a client sees in a session what is remembered of the thread that it continues, and may delete it', async () => {
  const client = await memory.makeClient();
  const [flying, work] = [await begin(client, 'Flying'), await begin(client, 'Work')];
  const { body: made } = await write(flying, { statement: 'Trains with recorded sounds.' });
  await write(work, { statement: 'Looks for another job.' });
  const of = async (threadId?: string) =>
    makeSession(app, persona, { clientId: client, ...(threadId ? { threadId } : {}) });
  const [here, elsewhere, none] = [await of(flying), await of(work), await of()];
  const own = (session: typeof here) => statements('/me/record/memories', session.client);
  expect(await own(here)).toEqual(['Trains with recorded sounds.']);
  expect(await own(elsewhere)).toEqual(['Looks for another job.']);
  expect(await own(none)).toEqual([]);
  const remove = (session: typeof here) => call('DELETE', `/me/record/memories/${made.id}`, undefined, session.client);
  expect((await remove(elsewhere)).status).toBe(404);
  expect((await remove(here)).status).toBe(200);
  expect(await own(here)).toEqual([]);
});

test('who is erased goes with their threads, and with everything that stands in them', async () => {
  const client = await memory.makeClient('Nora Grimm');
  const thread = await begin(client, 'Leaving');
  await makeSession(app, persona, { clientId: client, threadId: thread });
  const { body: other } = await memory.write(client, { statement: 'Moves often.' });
  await write(thread, { statement: 'Packs early.' });
  await call('PUT', `/threads/${thread}/memories/${other.id}`);
  const rows = async () => {
    const { n } = await app.db.everywhere.one<{ n: number }>(
      `select (select count(*) from thread where client_id = $1) + (select count(*) from thread_memory where client_id = $1)
         + (select count(*) from memory where client_id = $1) as n`,
      [client],
    );
    return n;
  };
  expect(await rows()).toBe(4);
  const preview = await call('GET', `/privacy/records/client/${client}`);
  expect(JSON.stringify(preview.body)).toContain('"thread":1');
  const erased = await call('POST', '/privacy/erasures', {
    subject: { kind: 'client', id: client },
    confirm: 'Nora Grimm',
  });
  await until(
    async () => (await call('GET', `/privacy/erasures/${erased.body.id}`)).body.status === 'done',
    'the erasure',
  );
  expect(await rows()).toBe(0);
  expect((await call('GET', `/threads/${thread}`)).status).toBe(404);
});

describe('what is proposed when a session of a thread ends', () => {
  const talk = async (name: string, ...said: string[]) => {
    const client = await memory.makeClient();
    const thread = await begin(client, name);
    const session = await makeSession(app, persona, { clientId: client, threadId: thread });
    for (const text of said) await memory.say(session, text);
    await memory.end(session);
    await expect.poll(async () => (await memory.list(client)).length).toBe(said.length);
    return { client, thread, proposed: await memory.list(client) };
  };

  test('is about the thread where the model says so, and nothing else changes for its quotes', async () => {
    await memory.setPolicy({ propose: 'model' });
    const { thread, proposed } = await talk('Beekeeping', 'In the garden there are three hives. [play remember]');
    expect(proposed).toMatchObject([
      {
        statement: 'Keeps bees.',
        status: 'proposed',
        subject: { kind: 'thread', id: thread },
        evidence: [{ quote: 'three hives' }],
      },
    ]);
    const asked = upstream.requests.findLast(({ body }) => JSON.stringify(body.messages).includes('line of work'));
    expect(JSON.stringify(asked?.body.messages)).toContain('Beekeeping');
  });

  test('whoever approves moves it between the client and their threads, until somebody has decided', async () => {
    await memory.setPolicy();
    const { client, thread, proposed } = await talk('Bread', 'I like rye bread.');
    const [{ id }] = proposed;
    expect(proposed).toMatchObject([{ subject: { kind: 'client', id: client } }]);
    const move = (threadId: string | null) => call('PATCH', `/memories/${id}`, { threadId });
    const foreign = await begin(await memory.makeClient(), 'Of somebody else');
    for (const wrong of [foreign, randomUUID()]) expect((await move(wrong)).status).toBe(400);
    expect(await move(thread)).toMatchObject({
      status: 200,
      body: { subject: { kind: 'thread', id: thread }, clientId: client },
    });
    expect(await statements(`/threads/${thread}/memories?status=proposed`)).toEqual(['I like rye bread.']);
    expect(await move(null)).toMatchObject({ body: { subject: { kind: 'client', id: client } } });
    await move(thread);
    await memory.act(id, 'approve');
    expect((await move(null)).status).toBe(409);
    const { prompt } = await memory.say(await makeSession(app, persona, { clientId: client }), 'Is rye bread healthy?');
    expect(prompt).not.toContain('I like rye bread.');
    const own = await memory.say(
      await makeSession(app, persona, { clientId: client, threadId: thread }),
      'Rye bread again?',
    );
    expect(own.prompt).toContain('I like rye bread.');
  });
});
