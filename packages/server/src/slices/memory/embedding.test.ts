import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { bases, makeBase } from '../../test/knowledge.ts';
import { remembering } from '../../test/remembering.ts';
import { talking } from '../../test/talking.ts';
import type { Upstream } from '../../test/upstream.ts';
import { embeddingBatch } from '../inference/engines/embedding.ts';
import type { EmbeddingWork } from '../knowledge/vectors/worker.ts';
import { createMemoryWork } from './embedding.ts';

// What failed is tried again after longer and longer waits.
vi.setConfig({ testTimeout: 90_000 });

let app: TestApp;
let upstream: Upstream;
let persona: string;
let memory: ReturnType<typeof remembering>;

beforeAll(async () => {
  // How fast a machine is says nothing about what is recalled.
  ({ app, upstream } = await startPlayed('echo', { parts: { questionMs: 60_000 } }));
  persona = await makePersona(app);
  memory = remembering(app, upstream);
  await choose('concepts');
});
afterAll(() => app?.close());

async function choose(model: string | null): Promise<void> {
  const { body } = await app.json('GET', '/api/v1/providers');
  const chosen = await app.json('PUT', `/api/v1/providers/${body.items[0].id}/embedding`, { model });
  expect(chosen.status).toBe(200);
}

interface VectorRow {
  space: string | null;
  vector: Buffer | null;
}
const vectorOf = (id: string, of = app) =>
  of.db.everywhere.maybe<VectorRow>('select space, vector from memory_vector where memory_id = $1', [id]);

/** Until each has its vector in the space of this model. */
const embedded = (ids: string[], model = 'concepts', of = app) =>
  expect
    .poll(async () => Promise.all(ids.map(async (id) => (await vectorOf(id, of))?.space?.split(' ').at(-1))), {
      timeout: 60_000,
    })
    .toEqual(ids.map(() => model));

/** Every text of which a vector was asked for. */
const sent = (): string[] =>
  upstream.requests.flatMap(({ path, body }) => (path.endsWith('/embeddings') ? (body['input'] as string[]) : []));

const write = async (client: string, statement: string, more = {}): Promise<string> =>
  (await memory.write(client, { statement, ...more })).body.id;

async function told(client: string, text: string, of: string = persona) {
  const session = await makeSession(app, of, { clientId: client });
  const { prompt, replyId } = await memory.say(session, text);
  const { memories } = (await memory.contextOf(session, replyId)).body;
  return { prompt, by: Object.fromEntries(memories.map((m: { id: string; by: string }) => [m.id, m.by])) };
}

test('a turn that shares no word with a memory recalls it by its meaning, and one that has nothing to do with any recalls none', async () => {
  const client = await memory.makeClient();
  const [car, dog, piano] = [
    await write(client, 'The automobile is parked behind the house.'),
    await write(client, 'Her hound sleeps under the stairs.'),
    await write(client, 'Plays the piano on Fridays.'),
  ];
  await embedded([car, dog, piano]);
  const about = await told(client, 'Where did I leave my vehicle?');
  expect(about.by).toEqual({ [car]: 'meaning' });
  expect(about.prompt).toContain('parked behind the house');
  expect((await told(client, 'Is my automobile behind the house?')).by).toEqual({ [car]: 'both' });
  expect((await told(client, 'I like the piano.')).by).toEqual({ [piano]: 'words' });
  expect((await told(client, 'It rained the whole afternoon.')).by).toEqual({});
  // Garbage of the provider leaves a turn to its words.
  expect((await told(client, 'My vehicle and the piano [play embed-null]')).by).toEqual({ [piano]: 'words' });
});

test('the vector of a turn is asked for once, for passages and memories', async () => {
  const base = await makeBase(app);
  await app.json('POST', base.path, { title: 'Leaflet', text: 'The hound is fed at noon.' });
  await expect
    .poll(async () => (await app.json('GET', `${bases}/${base.id}`)).body.embeddings?.made, { timeout: 60_000 })
    .toBe(1);
  const client = await memory.makeClient();
  const car = await write(client, 'The automobile is parked behind the house.');
  await embedded([car]);
  const text = 'A puppy in my vehicle!';
  const { by, prompt } = await told(client, text, await makePersona(app, { knowledgeBaseId: base.id }));
  expect(by).toEqual({ [car]: 'meaning' });
  expect(prompt).toContain('fed at noon');
  expect(sent().filter((one) => one === text)).toHaveLength(1);
});

test('a vector is sealed, goes when its memory is recalled no more, and is made anew for another model', async () => {
  const client = await memory.makeClient();
  const id = await write(client, 'The physician comes on Tuesdays.');
  await embedded([id]);
  const { vector } = (await vectorOf(id)) as VectorRow;
  const plain = Buffer.from(new Float32Array([1 / Math.hypot(1, 0.2)]).buffer);
  expect(vector?.includes(plain)).toBe(false);
  // Under the key of the client, which goes with them.
  expect(vector?.toString('hex', 1, 17)).toBe(client.replaceAll('-', ''));
  await choose('concepts@12');
  await embedded([id], 'concepts@12');
  const next = (await memory.act(id, 'correct', { statement: 'The clinician comes on Mondays.' })).body.id;
  expect(await vectorOf(id)).toBeUndefined();
  await choose('concepts');
  await embedded([next]);
  await memory.act(next, 'retire');
  expect(await vectorOf(next)).toBeUndefined();
});

test('nothing that may not be recalled is sent, nor of whoever did not agree', async () => {
  const client = await memory.makeClient();
  await write(client, 'A sensitive refund.', { sensitivity: 'sensitive' });
  const turned = await write(client, 'A reimbursement that turns sensitive.');
  await embedded([turned]);
  await app.json('PATCH', `/api/v1/memories/${turned}`, { sensitivity: 'sensitive' });
  expect((await vectorOf(turned))?.vector).toBeNull();
  await app.json('PUT', '/api/v1/privacy/consents/memory', { asked: true });
  const other = await memory.makeClient();
  await write(other, 'A repayment without consent.');
  const agreed = await memory.makeClient();
  await app.json('POST', `/api/v1/clients/${agreed}/consents`, { purpose: 'memory', given: true, note: 'On paper' });
  // Those before it in the queue were looked at when this one is done.
  await embedded([await write(agreed, 'A repayment with consent.')]);
  await app.json('PUT', '/api/v1/privacy/consents/memory', { asked: false });
  expect(sent().filter((text) => /refund|repayment/.test(text))).toEqual(['A repayment with consent.']);
});

test('all that waits of whoever did not agree is put off at once, and so is all that is sensitive', async () => {
  await choose(null);
  await app.json('PUT', '/api/v1/privacy/consents/memory', { asked: true });
  const [client, agreed] = [await memory.makeClient(), await memory.makeClient()];
  await app.json('POST', `/api/v1/clients/${agreed}/consents`, { purpose: 'memory', given: true, note: 'On paper' });
  const more = Array.from({ length: embeddingBatch + 8 }, (_, at) => `Of number ${at}.`);
  const refused: string[] = [];
  for (const statement of more) refused.push(await write(client, statement));
  const hidden: string[] = [];
  for (const statement of more) hidden.push(await write(agreed, statement, { sensitivity: 'sensitive' }));
  const last = await write(agreed, 'Of no number.');
  await choose('concepts');
  await embedded([last]);
  await app.json('PUT', '/api/v1/privacy/consents/memory', { asked: false });
  const times = (ids: string[]) =>
    app.db.everywhere.many<{ at: string | null; count: number }>(
      'select retry_at as at, count(*)::int as count from memory_vector where memory_id = any($1::uuid[]) group by retry_at',
      [ids],
    );
  for (const ids of [refused, hidden])
    expect(await times(ids)).toEqual([{ at: expect.stringMatching(/^2/), count: ids.length }]);
  expect(sent().filter((text) => text.startsWith('Of number'))).toEqual([]);
});

test('one that cannot be done holds up no other', async () => {
  const client = await memory.makeClient();
  const bad = await write(client, 'Her slumber is light [play embed-null].');
  const good = await write(client, 'Sings in the morning.');
  await embedded([good]);
  expect((await vectorOf(bad))?.vector).toBeNull();
  expect((await told(client, 'My slumber was light.')).by).toEqual({ [bad]: 'words' });
});

test('to a provider that is not approved goes neither a memory nor a turn', async () => {
  const elsewhere = upstream.url.replace('127.0.0.1', '0.0.0.0');
  const strict = await startTestApp({ config: { allowPrivate: [new URL(elsewhere).host] } });
  const settings = { kind: 'openai', baseUrl: `${elsewhere}/v1`, model: 'echo', embeddingModel: 'concepts' };
  const { body: provider } = await strict.json('POST', '/api/v1/providers', settings);
  const there = remembering(strict, upstream);
  const client = await there.makeClient();
  const { id } = (await there.write(client, { statement: 'The automobile of a stranger.' })).body;
  const session = await makeSession(strict, await makePersona(strict), { clientId: client });
  await talking(strict).post(session, 'Where is my vehicle, stranger?');
  const seen = async () => (await talking(strict).eventsOf(session)).map(({ type }) => type);
  await expect.poll(seen, { timeout: 30_000 }).toContain('reply.failed');
  expect((await vectorOf(id, strict))?.vector).toBeNull();
  expect(sent().filter((text) => text.includes('stranger'))).toEqual([]);
  await strict.json('PUT', `/api/v1/providers/${provider.id}/processing`, { approved: true });
  await embedded([id], 'concepts', strict);
  await strict.close();
});

describe('where no model is chosen any more', () => {
  const signal = new AbortController().signal;
  const gate = { missing: async () => [], unwilling: async () => [] };
  const space = 'of a model';
  let orgId: string;
  let work: EmbeddingWork;

  beforeAll(async () => {
    orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
    work = createMemoryWork({ db: app.db, gateOf: async () => gate });
    await choose(null);
  });

  test('who stops looks through no more', async () => {
    await write(await memory.makeClient(), 'Waits for a model.');
    expect(await work.next(orgId, space, false, AbortSignal.abort())).toBeNull();
    expect(await work.next(orgId, space, false, signal)).not.toBeNull();
  });

  test('what becomes sensitive while its vector is made gets none', async () => {
    const client = await memory.makeClient();
    const [turns, stays] = [await write(client, 'Turns sensitive.'), await write(client, 'Stays as it is.')];
    const next = await work.next(orgId, space, false, signal);
    const texts = (await next?.texts()) ?? [];
    expect(texts).toEqual(expect.arrayContaining(['Turns sensitive.', 'Stays as it is.']));
    await app.json('PATCH', `/api/v1/memories/${turns}`, { sensitivity: 'sensitive' });
    await next?.put(texts.map(() => new Float32Array([1])));
    expect((await vectorOf(turns))?.vector).toBeNull();
    expect((await vectorOf(stays))?.space).toBe(space);
  });
});
