import type { KnowledgeResults } from '@rapport/protocol/knowledge';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../test/app.ts';
import { startPlayed } from '../../test/played.ts';
import { breakCounting, mendCounting } from '../../test/counting.ts';
import { bases, makeBase, type TestBase } from '../../test/knowledge.ts';
import type { Upstream } from '../../test/upstream.ts';
import { reorder } from './reranking.ts';

let upstream: Upstream;
let app: TestApp;
let base: TestBase;
let models = 0;

beforeAll(async () => {
  ({ app, upstream } = await startPlayed());
  base = await makeBase(app);
  for (const [title, text] of leaflets) await app.json('POST', base.path, { title, text });
});
afterAll(() => app?.close());

/** By their words the first says most of it; by what they say of themselves the last. */
const leaflets = [
  ['Most', 'Lighthouse keepers paint the lighthouse. The lighthouse is white. [rank 1]'],
  ['Some', 'The lighthouse stands by the harbour. Keepers go there. [rank 5]'],
  ['Least', 'From the harbour and the old town a road of many miles goes to the lighthouse. [rank 9]'],
];
const byWords = ['Most', 'Some', 'Least'];
const byRank = ['Least', 'Some', 'Most'];

const providerOf = async (of = app): Promise<string> => (await of.json('GET', '/api/v1/providers')).body.items[0].id;
const choose = async (model: string | null, of = app) =>
  of.json('PUT', `/api/v1/providers/${await providerOf(of)}/reranking`, { model });
/** One that no search was kept waiting by. */
const chooseFresh = () => choose(`ranker-${(models += 1)}`);

async function ask(query: string, { limit = 10, of = app, at = base } = {}) {
  const asked = { query, limit, explain: true };
  const { status, body } = await of.json('POST', `${bases}/${at.id}/search`, asked);
  expect(status).toBe(200);
  const { results, reranking } = body as KnowledgeResults;
  return { titles: results.map(({ title }) => title), results, reranking };
}

/** Asked again where a busy machine took longer than a search waits, which is told apart from what is tested. */
async function until(reason: string | null, ...asking: Parameters<typeof ask>) {
  let found = await ask(...asking);
  const again = async () => (found.reranking?.reason === 'late' ? (found = await ask(...asking)) : found).reranking;
  await expect.poll(again, { timeout: 25_000, interval: 500 }).toMatchObject({ reason });
  return found;
}

const asked = () => upstream.requests.filter(({ path }) => path.endsWith('/rerank'));

test('what the words found is put into the order that the provider finds, which the page is told', async () => {
  expect(await ask('lighthouse keepers')).toMatchObject({
    titles: byWords,
    reranking: { used: false, reason: 'not-set-up', model: null },
  });
  expect(await choose('ranker')).toMatchObject({ status: 200, body: { rerankModel: 'ranker' } });
  const found = await until(null, 'lighthouse keepers');
  expect(found.titles).toEqual(byRank);
  expect(found.results.map(({ channels }) => channels?.rerank)).toEqual([9, 5, 1]);
  expect(found.reranking).toEqual({ used: true, reason: null, model: 'ranker', candidates: 3 });
  const { body } = asked().at(-1) ?? {};
  expect(body).toMatchObject({ model: 'ranker', query: 'lighthouse keepers', top_n: 3 });
  expect((body?.['documents'] as string[])[0]).toMatch(/^Most\nLighthouse keepers paint/);
  // Also where fewer are asked for than it is given.
  expect((await until(null, 'lighthouse keepers', { limit: 1 })).titles).toEqual(['Least']);
});

test('text-embeddings-inference is spoken to in its own words, found out once', async () => {
  expect(await choose('tei')).toMatchObject({ status: 200 });
  const before = asked().length;
  expect((await until(null, 'lighthouse keepers')).titles).toEqual(byRank);
  const bodies = asked().slice(before);
  expect(bodies.slice(-2).map(({ body }) => Object.keys(body)[0])).toEqual(['model', 'query']);
  expect((await until(null, 'lighthouse keepers')).titles).toEqual(byRank);
  expect(asked().at(-2)?.body).toHaveProperty('texts');
});

test.each([
  'rerank-double',
  'rerank-beyond',
  'rerank-negative',
  'rerank-half',
  'rerank-nan',
  'rerank-null',
  'rerank-more',
  'rerank-empty',
  'rerank-text',
  'rerank-long',
  'fault-html',
  'fault-500',
  'fault-401',
  'fault-refuse',
])('an answer with %s leaves the order that stood', async (act) => {
  await chooseFresh();
  expect(await until('failed', `lighthouse keepers [play ${act}]`)).toMatchObject({
    titles: byWords,
    reranking: { used: false, candidates: 3 },
  });
});

test.each(['fault-silent', 'rerank-stalled'])(
  'one that keeps a search waiting (%s) is left alone for a while',
  async (act) => {
    await chooseFresh();
    const late = { titles: byWords, reranking: { used: false, reason: 'late' } };
    expect(await ask(`lighthouse keepers [play ${act}]`)).toMatchObject(late);
    const before = asked().length;
    expect(await ask('lighthouse keepers')).toMatchObject(late);
    expect(asked().length).toBe(before);
  },
);

const usedOf = async (subjectId: string | null): Promise<number> =>
  (await app.json('GET', '/api/v1/budgets')).body.items.find(
    (one: { subjectId: string | null }) => one.subjectId === subjectId,
  ).used.tokens;

test('one that a search gave up on counts by the length of what was sent: it may well have answered', async () => {
  await chooseFresh();
  await app.json('PUT', '/api/v1/budgets', { scope: 'organisation', period: 'day', tokens: 1_000_000_000 });
  const before = await usedOf(null);
  const query = 'lighthouse keepers [play fault-silent]';
  expect((await ask(query)).reranking).toMatchObject({ used: false, reason: 'late' });
  const documents = asked().at(-1)?.body['documents'] as string[];
  const length = documents.reduce((sum, document) => sum + query.length + document.length, 0);
  expect((await usedOf(null)) - before).toBe(Math.ceil(length / 4));
});

test('what cannot be counted fails no search', async () => {
  await chooseFresh();
  await breakCounting(app.db);
  const found = await until(null, 'lighthouse keepers');
  await mendCounting(app.db);
  expect(found.titles).toEqual(byRank);
});

test('what was given no score stays, behind what was', async () => {
  await chooseFresh();
  const { titles, results } = await until(null, 'lighthouse keepers [play rerank-fewer]');
  expect(titles).toEqual(['Least', 'Some', 'Most']);
  expect(results.map(({ channels }) => channels?.rerank)).toEqual([9, 5, undefined]);
});

test('a reply is made from the passages that it finds best, and its tokens count for the persona', async () => {
  await chooseFresh();
  const personaId = await makePersona(app, { knowledgeBaseId: base.id });
  const session = await makeSession(app, personaId);
  await app.json('PUT', '/api/v1/budgets', {
    scope: 'persona',
    subjectId: personaId,
    period: 'day',
    tokens: 1_000_000,
  });
  await app.json('POST', `/api/v1/sessions/${session.id}/messages`, { text: 'lighthouse keepers' }, session.client);
  const used = () => usedOf(personaId);
  await expect.poll(used, { timeout: 20_000 }).toBeGreaterThanOrEqual(1000);
  const prompts = () => JSON.stringify(upstream.requests.filter(({ path }) => path.endsWith('/chat/completions')));
  await expect.poll(prompts, { timeout: 20_000 }).toMatch(/\[rank 9\].*\[rank 5\].*\[rank 1\]/s);
});

test('where the limit for AI models is reached it is not asked, and the page says so', async () => {
  const small = await startTestApp({ upstream: { url: upstream.url, model: 'echo' } });
  await choose('ranker', small);
  const at = await makeBase(small);
  for (const [title, text] of leaflets) await small.json('POST', at.path, { title, text });
  await small.json('PUT', '/api/v1/budgets', { scope: 'organisation', period: 'day', tokens: 500 });
  expect((await until(null, 'lighthouse keepers', { of: small, at })).titles).toEqual(byRank);
  // What it used is noticed within two seconds.
  await expect
    .poll(async () => (await ask('lighthouse keepers', { of: small, at })).reranking?.reason, { timeout: 20_000 })
    .toBe('budget-spent');
  expect((await ask('lighthouse keepers', { of: small, at })).titles).toEqual(byWords);
  await small.close();
});

test('to a provider that is not approved no passage goes', async () => {
  const elsewhere = upstream.url.replace('127.0.0.1', '0.0.0.0');
  const strict = await startTestApp({ config: { allowPrivate: [new URL(elsewhere).host] } });
  const settings = { kind: 'openai', baseUrl: `${elsewhere}/v1`, rerankModel: 'ranker' };
  const { body: provider, status } = await strict.json('POST', '/api/v1/providers', settings);
  expect([status, provider.model, provider.isDefault]).toEqual([201, null, false]);
  const at = await makeBase(strict);
  for (const [title, text] of leaflets) await strict.json('POST', at.path, { title, text });
  const before = asked().length;
  expect(await ask('lighthouse keepers', { of: strict, at })).toMatchObject({
    titles: byWords,
    reranking: { used: false, reason: 'not-approved' },
  });
  expect(asked().length).toBe(before);
  await strict.json('PUT', `/api/v1/providers/${provider.id}/processing`, { approved: true });
  expect((await until(null, 'lighthouse keepers', { of: strict, at })).titles).toEqual(byRank);
  // It has no model that answers, so it cannot become the one that does.
  expect(await strict.json('POST', `/api/v1/providers/${provider.id}/default`)).toMatchObject({ status: 400 });
  await strict.close();
});

test('a model is tried before it is chosen, and one provider of an organisation reranks', async () => {
  expect(await choose('fault-404')).toMatchObject({ status: 422, body: { code: 'provider-failed' } });
  const anthropic = { kind: 'anthropic', model: 'm', rerankModel: 'r' };
  expect(await app.json('POST', '/api/v1/providers/test', anthropic)).toMatchObject({ status: 400 });
  const empty = { kind: 'openai', baseUrl: `${upstream.url}/v1` };
  expect(await app.json('POST', '/api/v1/providers/test', empty)).toMatchObject({ status: 400 });
  const other = { ...empty, rerankModel: 'other', makeDefault: false };
  const added = await app.json('POST', '/api/v1/providers', other);
  expect(added).toMatchObject({ status: 201, body: { rerankModel: 'other' } });
  const { items } = (await app.json('GET', '/api/v1/providers')).body;
  expect(items.map((p: { rerankModel: string | null }) => p.rerankModel)).toEqual(['other', null]);
  await app.json('DELETE', `/api/v1/providers/${added.body.id}`);
  expect((await ask('lighthouse keepers')).reranking).toMatchObject({ used: false, reason: 'not-set-up' });
});

test('nothing is dropped, nothing added, and the scored stand first, best first', () => {
  const scores = fc.array(fc.option(fc.integer({ min: -5, max: 5 }), { nil: null }), { maxLength: 40 });
  fc.assert(
    fc.property(scores, (given) => {
      const list = given.map((_, i) => i);
      const ordered = reorder(list, given);
      expect(ordered.toSorted((a, b) => a - b)).toEqual(list);
      const found = ordered.map((i) => given[i] ?? null);
      const unscored = found.findIndex((score) => score === null);
      if (unscored >= 0) expect(found.slice(unscored).every((score) => score === null)).toBe(true);
      for (const [at, i] of ordered.entries()) {
        const [score, before, last] = [found[at] ?? -Infinity, found[at - 1] ?? -Infinity, ordered[at - 1] ?? -1];
        if (at > 0) expect(before > score || (before === score && last < i)).toBe(true);
      }
    }),
  );
});
