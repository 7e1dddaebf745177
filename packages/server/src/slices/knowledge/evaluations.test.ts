import type { Evaluation, EvaluationRun, EvaluationRunDetail } from '@rapport/protocol/evaluations';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePersona, startTestApp, type TestApp } from '../../test/app.ts';
import { bases, makeBase, type TestBase } from '../../test/knowledge.ts';
import { until } from '../../test/talking.ts';
import { compare, judge, summarise } from './evaluation.ts';

test('a question is judged by the first ten documents that its passages are of', () => {
  const asked = { question: 'Q', documentIds: ['c', 'z'] };
  expect(judge(asked, ['a', 'a', 'b', 'a', 'c'])).toEqual({ question: 'Q', rank: 3, recall: 0.5 });
  expect(judge(asked, ['a', 'b'])).toEqual({ question: 'Q', rank: null, recall: 0 });
  const eleven = Array.from({ length: 10 }, (_, i) => `other-${i}`);
  expect(judge(asked, [...eleven, 'c'])).toMatchObject({ rank: null });
  const results = [judge(asked, ['c']), judge(asked, ['a', 'z'])];
  expect(summarise(results)).toEqual({ questions: 2, recall: 0.5, mrr: 0.75 });
});

test('gains and losses are told question by question', () => {
  const one = (question: string, rank: number | null) => ({ question, rank, recall: rank ? 1 : 0 });
  const before = [one('better', 3), one('worse', 1), one('gone', 1), one('same', 2)];
  const now = [one('better', 1), one('worse', 4), one('gone', null), one('same', 2), one('fresh', 1)];
  const { gained, lost, results } = compare(now, before);
  expect([gained, lost]).toEqual([1, 2]);
  expect(results.map(({ change }) => change)).toEqual(['gained', 'lost', 'lost', 'same', 'new']);
});

describe('an evaluation of a base', () => {
  let app: TestApp;
  let base: TestBase;
  let path: string;
  let tea: string;
  let park: string;
  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    base = await makeBase(app);
    path = `${bases}/${base.id}/evaluations`;
    tea = await add('Drinks', 'Tea is free in the waiting room.');
    park = await add('Parking', 'There is a car park behind the building.');
  });

  const add = async (title: string, text: string): Promise<string> =>
    (await app.json('POST', base.path, { title, text })).body.id;
  const questions = () => [
    { question: 'Is tea free?', documentIds: [tea] },
    { question: 'Where may I park?', documentIds: [park] },
  ];
  const create = async (): Promise<Evaluation> =>
    (await app.json('POST', path, { name: 'First questions', questions: questions() })).body;
  const runsOf = async ({ id }: Evaluation): Promise<EvaluationRun[]> =>
    (await app.json('GET', `${path}/${id}/runs`)).body.items;
  /** Once so many runs have come to their end, and none waits. */
  const ended = (of: Evaluation, count: number): Promise<EvaluationRun[]> =>
    until(async () => {
      const runs = await runsOf(of);
      return runs.length >= count && runs.every(({ state }) => state === 'done') && runs;
    }, `${count} runs`);
  const detail = async (of: Evaluation, run: EvaluationRun | undefined): Promise<EvaluationRunDetail> =>
    (await app.json('GET', `${path}/${of.id}/runs/${run?.id}`)).body;

  test('runs when it is made, and says where each expected document was found', async () => {
    const made = await create();
    expect(made).toMatchObject({ name: 'First questions', lastRun: { cause: 'hand' } });
    const [run] = await ended(made, 1);
    expect(run).toMatchObject({ questions: 2, recall: 1, mrr: 1 });
    const { results } = await detail(made, run);
    expect(results).toMatchObject([
      { question: 'Is tea free?', rank: 1, change: 'new' },
      { question: 'Where may I park?', rank: 1, change: 'new' },
    ]);
    const { items } = (await app.json('GET', path)).body;
    expect(items).toMatchObject([{ id: made.id, lastRun: { state: 'done', recall: 1 } }]);
  });

  test('runs again when a document comes or goes, and tells what was gained and lost', async () => {
    const made = await create();
    await ended(made, 1);
    await app.json('DELETE', `${base.path}/${tea}`);
    const [after] = await ended(made, 2);
    expect(after).toMatchObject({ cause: 'change', recall: 0.5 });
    expect(await detail(made, after)).toMatchObject({
      gained: 0,
      lost: 1,
      results: [
        { rank: null, before: 1, change: 'lost' },
        { rank: 1, change: 'same' },
      ],
    });
    await add('Drinks again', 'Coffee and tea.');
    expect((await ended(made, 3))[0]).toMatchObject({ cause: 'change' });
  });

  test('many files are one change: it waits until they are read', async () => {
    const made = await create();
    await ended(made, 1);
    await base.upload(Array.from({ length: 6 }, (_, i) => [`note-${i}.txt`, `Note number ${i} about tea.`]));
    await base.settled(6);
    const runs = await until(async () => {
      const all = await runsOf(made);
      return all.length > 1 && all[0]?.state === 'done' && all;
    }, 'the run after the files');
    expect(runs.length).toBeLessThanOrEqual(4);
  });

  test('runs when a persona that answers from the base is published', async () => {
    const made = await create();
    await ended(made, 1);
    await makePersona(app, { knowledgeBaseId: base.id });
    expect((await ended(made, 2))[0]).toMatchObject({ cause: 'publish' });
  });

  test('is changed by one at a time, and names documents of its base alone', async () => {
    const made = await create();
    const change = (revision: number, all = questions()) =>
      app.json('PUT', `${path}/${made.id}`, { name: 'Changed', revision, questions: all });
    expect((await change(1)).body).toMatchObject({ name: 'Changed', revision: 2 });
    expect((await change(1)).status).toBe(409);
    const elsewhere = await makeBase(app);
    const { body } = await app.json('POST', elsewhere.path, { title: 'Elsewhere', text: 'Tea.' });
    expect((await change(2, [{ question: 'Tea?', documentIds: [body.id] }])).status).toBe(400);
    expect((await app.json('DELETE', `${path}/${made.id}`)).status).toBe(200);
    expect((await app.json('GET', `${path}/${made.id}/runs`)).status).toBe(404);
  });

  test('a run that a server left behind is made by another', async () => {
    const made = await create();
    await ended(made, 1);
    await app.db.everywhere.exec(
      `update evaluation_run set state = 'running', owner = 'gone', lease_until = now() - interval '1 second', recall = null`,
    );
    const second = await app.second();
    expect(await ended(made, 1)).toMatchObject([{ recall: 1 }]);
    await second.close();
  });
});
