import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../../test/app.ts';
import { makeBase, type TestBase } from '../../../test/knowledge.ts';
import { askBase, chooseModel, embedded as untilEmbedded, embeddingsOf } from '../../../test/meaning.ts';
import { hasPgvector } from '../../../test/pgvector.ts';
import { startUpstream, type Upstream } from '../../../test/upstream.ts';

vi.setConfig({ testTimeout: 60_000 });

let upstream: Upstream;
let app: TestApp;

/** How the nearest are looked for: both ways answer alike. */
let search: 'exact' | 'index';
const configOf = () => ({ pgvectorFrom: search === 'index' ? 1 : null });

beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());

const choose = (model: string | null) => chooseModel(app, model);
const ask = (base: TestBase, query: string, of = app) => askBase(of, base, query);
const stateOf = (base: TestBase, of = app) => embeddingsOf(of, base);
/** Until every passage of a base has its vector, where it is looked for. */
const embedded = (base: TestBase, of = app) => untilEmbedded(of, base, search);

const add = async (base: TestBase, title: string, text: string): Promise<string> =>
  (await app.json('POST', base.path, { title, text })).body.id;

/** Every text of which a vector was asked for from here on. */
function textsAsked(): () => string[] {
  const from = upstream.requests.at(-1);
  return () =>
    upstream.requests
      .slice(from ? upstream.requests.indexOf(from) + 1 : 0)
      .flatMap(({ path, body }) => (path.endsWith('/embeddings') ? (body['input'] as string[]) : []));
}

describe.each((await hasPgvector()) ? (['exact', 'index'] as const) : (['exact'] as const))('%s', (way) => {
  beforeAll(async () => {
    search = way;
    app = await startTestApp({ upstream: { url: upstream.url, model: 'echo' }, config: configOf() });
  });
  afterAll(() => app.close());

  test('a question that shares no word with a passage finds it by its meaning', async () => {
    const base = await makeBase(app);
    await add(base, 'Leaflet A', 'The automobile is parked behind the house.');
    await add(base, 'Leaflet B', 'Our hound likes long walks by the river.');
    const before = await ask(base, 'Where is my car?');
    expect(before).toMatchObject({ titles: [], embeddings: { used: false, reason: 'not-set-up' } });

    const chosen = await choose('concepts');
    expect(chosen).toMatchObject({ status: 200, body: { embeddingModel: 'concepts' } });
    await embedded(base);

    const { titles, results, embeddings } = await ask(base, 'Where is my car?');
    expect(titles[0]).toBe('Leaflet A');
    expect(results[0]?.channels?.embedding).toBeGreaterThan(0.9);
    expect(embeddings).toMatchObject({ used: true, reason: null, model: 'concepts', search });
    expect((await ask(base, 'puppy')).titles[0]).toBe('Leaflet B');
  });

  test('words and meaning make one ranking, and the page is told what each gave', async () => {
    await choose('concepts');
    const base = await makeBase(app);
    await add(base, 'Both', 'The physician comes on Tuesdays.');
    await add(base, 'Words', 'Tuesdays are quiet here.');
    await add(base, 'Meaning', 'Ask a clinician.');
    await embedded(base);
    const { results, titles } = await ask(base, 'Which doctor comes on Tuesdays?');
    expect(titles[0]).toBe('Both');
    expect(titles.toSorted()).toEqual(['Both', 'Meaning', 'Words']);
    expect(results[0]?.score).toBe(1);
    const meaning = results.find(({ title }) => title === 'Meaning')?.channels;
    expect(meaning).toMatchObject({ words: 0, neighbours: 0 });
    expect(meaning?.embedding).toBeGreaterThan(0.9);
  });

  test('what stands in quotation marks is found by its words alone', async () => {
    const base = await makeBase(app);
    await add(base, 'Leaflet', 'The automobile is parked behind the house.');
    await embedded(base);
    expect(await ask(base, '"my car"')).toMatchObject({ titles: [], embeddings: { used: false, reason: 'quoted' } });
  });

  test('garbage of the provider leaves a search to its words', async () => {
    const base = await makeBase(app);
    await add(base, 'Leaflet', 'The automobile is parked behind the house.');
    await embedded(base);
    for (const act of ['embed-text', 'embed-null', 'embed-zero', 'embed-fewer']) {
      const found = await ask(base, `parked [play ${act}]`);
      expect(found, act).toMatchObject({ titles: ['Leaflet'], embeddings: { used: false, reason: 'failed' } });
    }
    // A model that was changed behind its name: nothing can be compared.
    const wide = await ask(base, 'parked [play embed-wide]');
    expect(wide).toMatchObject({ titles: ['Leaflet'], embeddings: { used: false, reason: 'no-vectors' } });
    expect((await ask(base, 'car')).embeddings.used).toBe(true);
  });

  test.each(['fault-silent', 'fault-500', 'fault-refuse', 'fault-html'])(
    'a provider with %s leaves a search to its words, on any server',
    async (act) => {
      const base = await makeBase(app);
      await add(base, 'Leaflet', 'The automobile is parked behind the house.');
      await embedded(base);
      const other = await app.second();
      const found = await ask(base, `parked [play ${act}]`, other);
      await other.close();
      expect(found).toMatchObject({ titles: ['Leaflet'], embeddings: { used: false, reason: 'failed' } });
    },
  );

  test('a document is found by its words while its vectors cannot be made, and holds up no other', async () => {
    const base = await makeBase(app);
    const bad = await add(base, 'Unlucky', 'The lighthouse [play embed-null] is white.');
    await add(base, 'Lucky', 'Our hound likes long walks.');
    await expect.poll(async () => (await stateOf(base))?.failure, { timeout: 20_000 }).toBe('malformed');
    await expect.poll(async () => (await stateOf(base))?.made, { timeout: 30_000 }).toBe(1);
    expect((await ask(base, 'lighthouse')).titles).toContain('Unlucky');
    expect((await ask(base, 'puppy')).titles[0]).toBe('Lucky');
    const { body } = await app.json('GET', `${base.path}/${bad}`);
    expect(body).toMatchObject({ state: 'ready', failure: null });
    await app.json('DELETE', `${base.path}/${bad}`);
    await embedded(base);
  });

  test('a version that waits is found by no vector of it, and keeps them when it is published', async () => {
    await choose('concepts');
    const base = await makeBase(app);
    const id = await add(base, 'Leaflet', 'The automobile is parked behind the house.');
    const questions = [{ question: 'Who likes walks?', documentIds: [id] }];
    await app.json('POST', `/api/v1/knowledge-bases/${base.id}/evaluations`, { name: 'Questions', questions });
    const waiting = await app.json('PUT', `${base.path}/${id}`, { text: 'Our hound likes long walks by the river.' });
    expect(waiting.body.state).toBe('waiting');
    await embedded(base);
    const texts = async (query: string) => (await ask(base, query)).results.map(({ text }) => text);
    expect(await texts('puppy')).not.toContain('Our hound likes long walks by the river.');
    expect(await texts('car')).toEqual(['The automobile is parked behind the house.']);
    const asked = textsAsked();
    expect((await app.json('POST', `${base.path}/${id}/versions/2/publish`)).status).toBe(200);
    expect(await texts('puppy')).toEqual(['Our hound likes long walks by the river.']);
    expect(await texts('car')).not.toContain('The automobile is parked behind the house.');
    expect(asked().filter((text) => text.startsWith('Leaflet'))).toEqual([]);
  });

  test('what is deleted, hidden or changed is gone from the next answer, and costs its own size only', async () => {
    const base = await makeBase(app);
    const first = await add(base, 'First', 'The automobile is parked behind the house.');
    const second = await add(base, 'Second', 'Every automobile needs oil.');
    await add(base, 'Third', 'Our hound likes long walks.');
    await embedded(base);
    expect((await ask(base, 'car')).titles).toContain('First');

    await app.json('DELETE', `${base.path}/${first}`);
    expect((await ask(base, 'car')).titles.toSorted()).toEqual(['Second', 'Third']);

    await app.db.everywhere.exec('update document set searchable = false where id = $1', [second]);
    expect((await ask(base, 'car')).titles).toEqual(['Third']);
    await app.db.everywhere.exec('update document set searchable = true where id = $1', [second]);

    const asked = textsAsked();
    await app.json('PUT', `${base.path}/${second}`, { text: 'Insomnia is a lack of slumber.' });
    await embedded(base);
    expect((await ask(base, 'sleep')).titles[0]).toBe('Second');
    expect((await ask(base, 'car')).results.find(({ title }) => title === 'Second')?.channels?.embedding).toBeLessThan(
      0.2,
    );
    const made = asked().filter((text) => text.includes('\n'));
    expect(made).toEqual(['Second\nInsomnia is a lack of slumber.']);

    const rows = await app.db.everywhere.one<{ n: number }>(
      'select sum(chunks)::int as n from chunk_vectors where knowledge_base_id = $1',
      [base.id],
    );
    expect(rows.n).toBe(2);
  });

  test('another model makes all vectors anew, one at a time in an organisation', async () => {
    const base = await makeBase(app);
    await add(base, 'Leaflet', 'The automobile is parked behind the house.');
    await embedded(base);
    await choose('concepts@12');
    await embedded(base);
    expect(await ask(base, 'car')).toMatchObject({
      titles: ['Leaflet'],
      embeddings: { used: true, model: 'concepts@12' },
    });
    const held = await app.db.everywhere.many<{ dimensions: number }>(
      'select distinct dimensions from chunk_vectors where knowledge_base_id = $1',
      [base.id],
    );
    expect(held).toEqual([{ dimensions: 12 }]);

    // With a second provider the first makes none.
    const settings = {
      kind: 'ollama',
      baseUrl: upstream.url,
      model: 'echo',
      embeddingModel: 'concepts',
      makeDefault: false,
    };
    const added = await app.json('POST', '/api/v1/providers', settings);
    expect(added).toMatchObject({ status: 201, body: { embeddingModel: 'concepts' } });
    const { items } = (await app.json('GET', '/api/v1/providers')).body;
    expect(items.map((p: { embeddingModel: string | null }) => p.embeddingModel)).toEqual(['concepts', null]);
    await embedded(base);
    expect((await ask(base, 'car')).embeddings).toMatchObject({ used: true, model: 'concepts' });
    await app.json('DELETE', `/api/v1/providers/${added.body.id}`);
    expect((await ask(base, 'car')).embeddings).toMatchObject({ used: false, reason: 'not-set-up' });
    await choose('concepts');
  });

  test('a model is tried before it is chosen, and only where there can be one', async () => {
    expect(await choose('fault-404')).toMatchObject({ status: 422, body: { code: 'provider-failed' } });
    const settings = { kind: 'anthropic', model: 'm', embeddingModel: 'e' };
    expect(await app.json('POST', '/api/v1/providers/test', settings)).toMatchObject({ status: 400 });
    const { body: none } = await app.json('POST', '/api/v1/providers', { kind: 'reference', makeDefault: false });
    expect(await app.json('PUT', `/api/v1/providers/${none.id}/embedding`, { model: 'm' })).toMatchObject({
      status: 400,
    });
    await app.json('DELETE', `/api/v1/providers/${none.id}`);
  });

  test('a passage too long for the model is found by its beginning', async () => {
    await choose('short');
    const base = await makeBase(app);
    await add(base, 'Long', `An automobile. ${'Nothing else is said here. '.repeat(30)}`);
    await embedded(base);
    expect((await ask(base, 'car')).results[0]?.channels?.embedding).toBeGreaterThan(0.9);
    await choose('concepts');
  });

  test('a vector cannot be read in the database, and belongs to its base alone', async () => {
    const [one, other] = [await makeBase(app), await makeBase(app)];
    await add(one, 'One', 'The automobile is parked behind the house.');
    await add(other, 'Other', 'Our hound likes long walks.');
    await embedded(one);
    await embedded(other);
    expect((await ask(other, 'car')).titles).toEqual(['Other']);
    const { vectors } = await app.db.everywhere.one<{ vectors: Buffer }>(
      'select vectors from chunk_vectors where knowledge_base_id = $1',
      [one.id],
    );
    // Eight numbers, the last of which is the same in any text of this length.
    expect(vectors.length).toBeGreaterThan(8 * 4);
    const plain = Buffer.from(new Float32Array([1 / Math.hypot(1, 0.2)]).buffer);
    expect(vectors.includes(plain)).toBe(false);
  });

  test('a persona is given what is found by its meaning', async () => {
    const base = await makeBase(app);
    await add(base, 'Leaflet', 'The automobile is parked behind the house.');
    await embedded(base);
    const session = await makeSession(app, await makePersona(app, { knowledgeBaseId: base.id }));
    await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'And my car?' }, session.client);
    const prompts = () => upstream.requests.filter(({ path }) => path.endsWith('/chat/completions'));
    await expect.poll(() => JSON.stringify(prompts()), { timeout: 20_000 }).toContain('parked behind the house');
  });

  test('to a provider that is not approved goes neither a document nor a question', async () => {
    const elsewhere = upstream.url.replace('127.0.0.1', '0.0.0.0');
    const strict = await startTestApp({ config: { ...configOf(), allowPrivate: [new URL(elsewhere).host] } });
    const settings = { kind: 'openai', baseUrl: `${elsewhere}/v1`, model: 'echo', embeddingModel: 'concepts' };
    const { body: provider } = await strict.json('POST', '/api/v1/providers', settings);
    const asked = textsAsked();
    const base = await makeBase(strict);
    await strict.json('POST', base.path, { title: 'Leaflet', text: 'The automobile is parked behind the house.' });
    expect(await ask(base, 'parked', strict)).toMatchObject({
      titles: ['Leaflet'],
      embeddings: { used: false, reason: 'not-approved' },
    });
    expect(await stateOf(base, strict)).toMatchObject({ approved: false, made: 0, of: 1 });
    expect(asked()).toEqual([]);

    await strict.json('PUT', `/api/v1/providers/${provider.id}/processing`, { approved: true });
    await embedded(base, strict);
    expect((await ask(base, 'car', strict)).embeddings.used).toBe(true);
    await strict.close();
  });
});
