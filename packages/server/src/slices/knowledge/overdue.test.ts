import type { EvaluationRun } from '@rapport/protocol/evaluations';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { TestApp } from '../../test/app.ts';
import { bases, makeBase } from '../../test/knowledge.ts';
import { chooseModel, embedded, embeddingsOf } from '../../test/meaning.ts';
import { startPlayed } from '../../test/played.ts';
import { until } from '../../test/talking.ts';

vi.setConfig({ testTimeout: 60_000 });

let app: TestApp;
beforeAll(async () => {
  ({ app } = await startPlayed());
});
afterAll(() => app?.close());

const settled = async () =>
  (await app.db.everywhere.many(`select 1 from evaluation_run where state in ('queued', 'running')`)).length === 0;

const old = 'Tea is free in the waiting room.';

async function makeEvaluated(question = 'Where is tea?') {
  const base = await makeBase(app);
  const drinks: string = (await app.json('POST', base.path, { title: 'Drinks', text: old })).body.id;
  const questions = [{ question, documentIds: [drinks] }];
  const { body } = await app.json('POST', `${bases}/${base.id}/evaluations`, { name: 'Questions', questions });
  const path = `${bases}/${base.id}/evaluations/${body.id}`;
  const runs = async (): Promise<EvaluationRun[]> => (await app.json('GET', `${path}/runs`)).body.items;
  await until(async () => (await runs()).every(({ state }) => state === 'done'), 'the first run');
  return { base, drinks, runs, path };
}

test('what follows from vectors is done as soon as it can be', async () => {
  const { base, runs } = await makeEvaluated();
  const before = (await runs()).length;
  await app.db.everywhere.exec(
    `create function hinder() returns trigger language plpgsql as $$ begin raise 'not now'; end $$`,
  );
  await app.db.everywhere.exec(
    'create trigger hinder before insert on evaluation_run for each statement execute function hinder()',
  );
  await chooseModel(app, 'concepts');
  await expect.poll(async () => (await embeddingsOf(app, base))?.made, { timeout: 20_000 }).toBe(1);
  // Longer than until the next look for what needs vectors.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  expect((await runs()).length).toBe(before);
  await app.db.everywhere.exec('drop function hinder cascade');
  await expect.poll(async () => (await runs()).length, { timeout: 20_000 }).toBe(before + 1);
});

test('a version that lost nothing long ago and waits all the same is evaluated once more, and published then', async () => {
  await chooseModel(app, 'concepts');
  const { base, drinks } = await makeEvaluated();
  const get = () => base.get(drinks);
  await app.json('PUT', `${base.path}/${drinks}`, { text: `${old} Coffee is served at noon.` });
  await until(async () => (await get()).waiting?.state === 'done', 'the evaluation of the version');
  await embedded(app, base, 'exact');
  await app.json('PUT', `${bases}/${base.id}`, { name: 'Material', publishUnlessLost: true });
  await until(settled, 'the end of all runs');
  expect(await get()).toMatchObject({ readyVersion: 1, waiting: { state: 'done', lost: 0 } });

  await app.db.everywhere.exec(
    `update evaluation_run set finished_at = now() - interval '1 hour' where document_id = $1`,
    [drinks],
  );
  const second = await app.second();
  await until(async () => (await get()).readyVersion === 2, 'the published version');
  await second.close();
});

test('what words alone found publishes nothing where meaning counts, too', async () => {
  await chooseModel(app, 'concepts');
  const { base, drinks, path } = await makeEvaluated('Where is tea? [play embed-null]');
  const get = () => base.get(drinks);
  await app.json('PUT', `${bases}/${base.id}`, { name: 'Material', publishUnlessLost: true });
  await app.json('PUT', `${base.path}/${drinks}`, { text: `${old} Coffee is served at noon.` });
  await embedded(app, base, 'exact');
  expect((await app.json('POST', `${path}/runs`)).status).toBeLessThan(300);
  await until(settled, 'the end of all runs');
  expect(await get()).toMatchObject({ readyVersion: 1, waiting: { state: 'done', lost: 0 } });

  const questions = [{ question: 'Where is tea?', documentIds: [drinks] }];
  await app.json('PUT', path, { name: 'Questions', revision: 1, questions });
  await until(async () => (await get()).readyVersion === 2, 'the published version');
});
