import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createLogger } from '../../../platform/logger.ts';
import { startTestApp, type TestApp } from '../../../test/app.ts';
import type { Embedder } from '../../inference/embedding.ts';
import { createEmbeddingWorker, type EmbeddingWork } from './worker.ts';

let app: TestApp;
let orgId: string;

beforeAll(async () => {
  app = await startTestApp();
  orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
});
afterAll(() => app?.close());
beforeEach(() => app.db.everywhere.exec('delete from embedding_turn'));

const embedder: Embedder = {
  model: 'played',
  space: 'of this model',
  approved: true,
  hasBudget: async () => true,
  embed: async (texts) => texts.map(() => new Float32Array([1])),
};
const turns = () =>
  app.db.everywhere.many<{ owner: string; held: boolean }>(
    'select owner, lease_until is not null as held from embedding_turn',
  );

/** Looks once for what waits. Returns how often it looked through it. */
async function lookOnce(waits: boolean): Promise<number> {
  let looked = 0;
  const work: EmbeddingWork = {
    name: 'memories',
    waits: async () => waits,
    next: async () => {
      looked += 1;
      return null;
    },
  };
  let asked = 0;
  const worker = createEmbeddingWorker({
    db: app.db,
    log: createLogger('silent'),
    node: 'this one',
    embedders: {
      embedderFor: async () => {
        asked += 1;
        return embedder;
      },
      organisationsWithEmbedder: async () => [orgId],
    },
    work,
  });
  worker.look();
  await expect.poll(() => asked).toBe(1);
  await expect.poll(async () => (await turns()).every(({ owner, held }) => owner !== 'this one' || !held)).toBe(true);
  await worker.stop();
  return looked;
}

test('a server looks through what waits only in its turn, and gives the turn back where nothing is to be done', async () => {
  expect(await lookOnce(true)).toBe(1);
  expect(await turns()).toEqual([{ owner: 'this one', held: false }]);
  await app.db.everywhere.exec(
    `update embedding_turn set owner = 'another', lease_until = now() + interval '1 hour' where org_id = $1`,
    [orgId],
  );
  expect(await lookOnce(true)).toBe(0);
  expect(await turns()).toEqual([{ owner: 'another', held: true }]);
});

test('where nothing waits nothing is written', async () => {
  expect(await lookOnce(false)).toBe(0);
  expect(await turns()).toEqual([]);
});
