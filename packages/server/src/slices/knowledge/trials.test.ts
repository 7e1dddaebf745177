import type { AuditEntry } from '@rapport/protocol/audit';
import type { VersionEvaluation } from '@rapport/protocol/evaluations';
import type { Document } from '@rapport/protocol/knowledge';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Tx } from '../../platform/db/db.ts';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { bases, makeBase, type TestBase } from '../../test/knowledge.ts';
import { until } from '../../test/talking.ts';

let app: TestApp;
let base: TestBase;
let drinks: string;
let parking: string;

const old = 'Tea is free in the waiting room.';
const both = `${old} Coffee is served at noon.`;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());
beforeEach(async () => {
  base = await makeBase(app);
  drinks = await add('Drinks', old);
  parking = await add('Parking', 'There is a car park behind the building.');
  const questions = [{ question: 'Where is tea?', documentIds: [drinks] }];
  await app.json('POST', `${bases}/${base.id}/evaluations`, { name: 'Questions', questions });
  await replace(drinks, both);
  await evaluated(drinks);
});

const add = async (title: string, text: string): Promise<string> =>
  (await app.json('POST', base.path, { title, text })).body.id;
const replace = (id: string, text: string) => app.json('PUT', `${base.path}/${id}`, { text });
const get = (id: string): Promise<Document> => base.get(id);
const evaluated = (id: string): Promise<Document> =>
  until(async () => {
    const document = await get(id);
    return document.waiting?.state === 'done' && document;
  }, 'the evaluation of the version');
const publishByItself = () => app.json('PUT', `${bases}/${base.id}`, { name: 'Material', publishUnlessLost: true });
/** As after a change of the base, without the locks of one. */
const again = () =>
  app.db.everywhere.exec(`update evaluation_run set state = 'queued', attempts = 0 where document_id = $1`, [drinks]);
/** How many statements that begin so wait for a lock. */
const blocked = async (count: number, statement: string): Promise<void> => {
  const waiting = () =>
    app.db.everywhere.many(
      `select 1 from pg_locks l join pg_stat_activity a using (pid)
       where not l.granted and a.datname = current_database() and a.query like $1`,
      [statement],
    );
  await expect.poll(waiting, { timeout: 15_000 }).toHaveLength(count);
};
/** Those who change the document come in the order in which they are begun, each having seen what was before. */
const inTurn = (...steps: (() => unknown)[]): Promise<void> =>
  app.db.everywhere.tx(async (tx) => {
    await tx.exec('select 1 from document where id = $1 for update', [drinks]);
    for (const [i, step] of steps.entries()) {
      step();
      await blocked(i + 1, '%from document %for update%');
    }
  });

describe('what changes a base while a version waits', () => {
  const gone: [what: string, remove: (tx: Tx) => Promise<unknown>][] = [
    ['the version', (tx) => tx.exec('delete from document_version where document_id = $1 and version = 2', [drinks])],
    ['the evaluation', (tx) => tx.exec('delete from evaluation where knowledge_base_id = $1', [base.id])],
  ];
  test.each(gone)('does not wait for who deletes %s, and does not fail by it', async (_, remove) => {
    await app.db.everywhere.tx(async (tx) => {
      await remove(tx);
      await tx.exec('update document set version = 1, last_version = 2 where id = $1', [drinks]);
      expect((await app.json('POST', base.path, { title: 'Lift', text: 'The lift is slow.' })).status).toBe(201);
    });
    expect((await get(drinks)).version).toBe(1);
  });

  test('has it evaluated anew, which a version that begins to wait does not', async () => {
    const runOf = async () => {
      const { items } = (await app.json('GET', `${base.path}/${drinks}/versions/2/evaluations`)).body;
      return (items as VersionEvaluation[])[0]?.run?.id;
    };
    const before = await runOf();
    await replace(parking, 'The car park is closed.');
    await evaluated(parking);
    expect(await runOf()).toBe(before);
    await add('Lift', 'The lift is slow.');
    expect(await runOf()).not.toBe(before);
  });

  test('comes after what another did with the document', async () => {
    const path = `${base.path}/${drinks}`;
    const answers: ReturnType<typeof app.json>[] = [];
    await inTurn(
      () => answers.push(app.json('DELETE', `${path}/versions/2`)),
      () => answers.push(app.json('PATCH', path, { tags: ['hot'] })),
      () => answers.push(replace(drinks, 'Cocoa is hot.')),
    );
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 202]);
    expect(await get(drinks)).toMatchObject({ version: 3, state: 'waiting', readyVersion: 1, tags: ['hot'] });
  });
});

test('an evaluation is claimed anew before each question: one of them may take a good part of the claim', async () => {
  const holder = new pg.Client(app.database);
  await holder.connect();
  await app.db.everywhere.tx(async (tx) => {
    await tx.exec('lock table index_segment in access exclusive mode');
    const questions = ['Where is tea?', 'Is there coffee?'].map((question) => ({ question, documentIds: [drinks] }));
    await app.json('POST', `${bases}/${base.id}/evaluations`, { name: 'Two', questions });
    await blocked(1, 'with kept_back%');
    await holder.query(
      `begin; set local rapport.org = '*'; select 1 from evaluation_run where state = 'running' for update`,
    );
  });
  await blocked(1, 'update evaluation_run set lease_until%').finally(() => holder.end());
  await evaluated(drinks);
});

describe('the end of an evaluation', () => {
  test('waits for its turn in the queue before it holds the room, as everybody does', async () => {
    await publishByItself();
    await app.db.everywhere.tx(async (tx) => {
      await tx.exec(
        `insert into evaluation_run (org_id, evaluation_id, id, cause)
         select org_id, id, gen_random_uuid(), 'change' from evaluation where knowledge_base_id = $1`,
        [base.id],
      );
      await again();
      await blocked(1, 'insert into evaluation_run%');
      expect(await tx.many('select 1 from room where id = $1 for update nowait', [base.roomId])).toHaveLength(1);
    });
    await until(async () => (await get(drinks)).readyVersion === 2, 'the published version');
  });

  test('publishes nothing of a version that has given way, and the audit log tells of nothing', async () => {
    await publishByItself();
    const answers: ReturnType<typeof app.json>[] = [];
    await inTurn(() => answers.push(replace(drinks, 'Cocoa is hot.')), again);
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([202]);
    expect(await evaluated(drinks)).toMatchObject({ version: 3, readyVersion: 1, waiting: { lost: 1 } });
    const { items } = (await app.json('GET', `/api/v1/audit?subjectId=${drinks}`)).body as { items: AuditEntry[] };
    expect(items.map(({ actor }) => actor.kind)).not.toContain('system');
  });
});
