import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../../test/app.ts';
import { breakCounting, mendCounting } from '../../../test/counting.ts';
import { tokensEach } from '../../../test/embeddings.ts';
import { makeBase, type TestBase } from '../../../test/knowledge.ts';
import { askBase, chooseModel, embeddingsOf } from '../../../test/meaning.ts';
import { talking } from '../../../test/talking.ts';
import { startUpstream, type Upstream } from '../../../test/upstream.ts';

let upstream: Upstream;
let app: TestApp;
let base: TestBase;

beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
beforeEach(async () => {
  app = await startTestApp({ upstream: { url: upstream.url, model: 'echo' } });
  base = await makeBase(app);
});
afterEach(() => app.close());

const choose = (model: string) => chooseModel(app, model);
const add = (title: string, text: string) => app.json('POST', base.path, { title, text });
const stateOf = () => embeddingsOf(app, base);
const embedded = (count: number) => expect.poll(async () => (await stateOf())?.made, { timeout: 20_000 }).toBe(count);
const ask = (query: string) => askBase(app, base, query);
const budget = (body: object) => app.json('PUT', '/api/v1/budgets', { scope: 'organisation', period: 'day', ...body });
const used = async () => (await app.json('GET', '/api/v1/budgets')).body.items[0].used;
const textsSent = () =>
  upstream.requests.flatMap(({ path, body }) => (path.endsWith('/embeddings') ? (body['input'] as string[]) : []));

test('the embeddings of passages and questions count, as the provider tells, by the price table', async () => {
  await budget({ tokens: 1e9 });
  await app.json('PUT', '/api/v1/prices', { model: 'counted', input: 2_000_000, output: 0, cached: 0 });
  await choose('counted');
  await add('Leaflet', 'The automobile is parked behind the house.');
  await add('Dogs', 'Our hound likes long walks.');
  await embedded(2);
  expect(await used()).toEqual({ replies: 0, tokens: 2 * tokensEach, costMicroUsd: 4 * tokensEach });
  expect((await ask('Where is my car?')).embeddings.used).toBe(true);
  expect(await used()).toEqual({ replies: 0, tokens: 3 * tokensEach, costMicroUsd: 6 * tokensEach });
});

test('where the provider does not tell, four characters count as a token', async () => {
  await budget({ tokens: 1e9 });
  await choose('concepts');
  const [title, text] = ['Leaflet', 'The automobile is parked behind the house.'];
  await add(title, text);
  await embedded(1);
  expect(await used()).toMatchObject({ tokens: Math.ceil(`${title}\n${text}`.length / 4), costMicroUsd: 0 });
});

test('a question that was given up on counts by its length: the provider may well have answered', async () => {
  await budget({ tokens: 1e9 });
  await choose('counted');
  await add('Leaflet', 'The automobile is parked behind the house.');
  await embedded(1);
  const question = 'Where is my car? [play fault-silent]';
  expect((await ask(question)).embeddings).toMatchObject({ used: false, reason: 'failed' });
  expect(await used()).toMatchObject({ tokens: tokensEach + Math.ceil(question.length / 4) });
});

test('what cannot be counted is made all the same', async () => {
  await choose('counted');
  await breakCounting(app.db);
  await add('Leaflet', 'The automobile is parked behind the house.');
  await embedded(1);
  expect((await ask('Where is my car?')).embeddings.used).toBe(true);
  await mendCounting(app.db);
});

test('where a budget is spent passages wait and questions are answered by words, and nothing is sent', async () => {
  await choose('counted');
  await add('Leaflet', 'The automobile is parked behind the house.');
  await embedded(1);
  await budget({ tokens: 1 });
  const sent = textsSent().length;
  await add('Dogs', 'Our hound likes long walks.');
  await expect.poll(async () => (await stateOf())?.failure, { timeout: 20_000 }).toBe('budget-spent');
  expect(await stateOf()).toMatchObject({ made: 1, of: 2 });
  const spent = { used: false, reason: 'budget-spent', model: 'counted', search: null };
  expect(await ask('hound')).toMatchObject({ titles: ['Dogs'], embeddings: spent });
  expect(await ask('my car')).toMatchObject({ titles: [], embeddings: spent });
  expect(textsSent()).toHaveLength(sent);
  await budget({ tokens: 1e9 });
  await embedded(2);
  expect(await stateOf()).toMatchObject({ failure: null });
  expect((await ask('my car')).titles[0]).toBe('Leaflet');
});

test('a question of a member counts for that member, and what a reply asks for its persona', async () => {
  await choose('counted');
  await add('Leaflet', 'The automobile is parked behind the house.');
  await embedded(1);
  const { userId } = (await app.json('GET', '/api/v1/me')).body;
  await budget({ scope: 'user', subjectId: userId, tokens: 1 });
  await ask('my car');
  await expect.poll(async () => (await ask('my car')).embeddings.reason, { timeout: 20_000 }).toBe('budget-spent');
  // What nobody in particular asks for goes on.
  await add('Dogs', 'Our hound likes long walks.');
  await embedded(2);
  await budget({ scope: 'user', subjectId: userId, tokens: 1e9 });
  const persona = await makePersona(app, { knowledgeBaseId: base.id });
  await budget({ scope: 'persona', subjectId: persona, tokens: 1e9 });
  const session = await makeSession(app, persona);
  await talking(app).post(session, 'Where is my car?');
  await talking(app).untilEvent(session, 'message.created', 2);
  const { items } = (await app.json('GET', '/api/v1/budgets')).body;
  const { usage } = (await app.json('GET', `/api/v1/sessions/${session.id}/replies`)).body.items[0];
  const ofReply = usage.inputTokens + usage.outputTokens;
  const ofPersona = items.find((one: { scope: string }) => one.scope === 'persona').used.tokens;
  expect(ofPersona).toBe(ofReply + tokensEach);
});
