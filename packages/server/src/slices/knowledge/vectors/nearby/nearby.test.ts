import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startApp } from '../../../../app.ts';
import type { TestApp } from '../../../../test/app.ts';
import { startPlayed } from '../../../../test/played.ts';
import { makeBase, type TestBase } from '../../../../test/knowledge.ts';
import { askBase, chooseModel, embedded } from '../../../../test/meaning.ts';
import { hasPgvector } from '../../../../test/pgvector.ts';
import { indexNameOf } from './nearby.schema.ts';
import { backUp } from '../../../../platform/db/backup/backup.ts';
import { restore } from '../../../../platform/db/backup/restore.ts';

// Indexes are looked after every few seconds.
vi.setConfig({ testTimeout: 120_000 });
const there = await hasPgvector();
const indexed = { pgvectorFrom: 2 };

let app: TestApp;
/** Is configured to have indexes; the other is not. */
let server: TestApp;

beforeAll(async () => {
  ({ app } = await startPlayed());
  await chooseModel(app, 'concepts');
});
afterAll(() => app?.close());

const add = async (base: TestBase, title: string, text: string): Promise<string> =>
  (await app.json('POST', base.path, { title, text })).body.id;

async function makeLeaflets(): Promise<{ base: TestBase; car: string; dog: string }> {
  const base = await makeBase(app);
  const car = await add(base, 'Car', 'The automobile is parked behind the house.');
  const dog = await add(base, 'Dog', 'Our hound likes long walks by the river.');
  return { base, car, dog };
}

const inClear = async ({ id }: { id: string }): Promise<number> =>
  (
    await app.db.everywhere.one<{ n: number }>(
      'select count(*)::int as n from derived.passage_vector where knowledge_base_id = $1',
      [id],
    )
  ).n;

const graphs = async ({ id }: { id: string }): Promise<string[]> =>
  (
    await app.db.everywhere.many<{ name: string }>(
      `select indexname as name from pg_indexes where schemaname = 'derived' and indexname like 'nearby\\_' || $1 || '%'`,
      [id.replaceAll('-', '')],
    )
  ).map(({ name }) => name);

const leftovers = async (): Promise<boolean> =>
  (
    await app.db.everywhere.one<{ left: boolean }>(
      `select exists (select 1 from pg_namespace where nspname = 'derived') or exists (select 1 from vector_index) as left`,
    )
  ).left;

const poll = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 30_000 });

/** What servers say in their log until it is asked. */
function logOf() {
  const lines: string[] = [];
  return { logTo: { write: (line: string) => void lines.push(line) }, text: () => lines.join('') };
}

if (!there) {
  test('without pgvector the server says what to do, and every vector is looked at as before', async () => {
    const { base } = await makeLeaflets();
    // As a copy that was restored from where there was an index.
    await app.db.everywhere.exec(
      `insert into vector_index (org_id, knowledge_base_id, space, dimensions, ready)
       select org_id, id, 'elsewhere', 8, true from knowledge_base where id = $1`,
      [base.id],
    );
    const log = logOf();
    const config = { ...app.config, ...indexed, logLevel: 'warn' };
    const running = await startApp({ config, database: app.database, logTo: log.logTo });
    await poll(async () => log.text()).toMatch(/has no pgvector, and the embedded one cannot have it: install 0\.8/);
    await poll(leftovers).toBe(false);
    await running.close();
    await embedded(app, base, 'exact');
    expect((await askBase(app, base, 'Where is my car?')).titles[0]).toBe('Car');
  });
}

if (there) {
  beforeAll(async () => {
    server = await app.second(indexed);
  });
  afterAll(() => server.close());

  test('what was there before is copied into an index, and what comes, changes or goes later stands in it at once', async () => {
    const { base, dog } = await makeLeaflets();
    await embedded(server, base, 'index');
    expect(await inClear(base)).toBe(2);
    expect(await graphs(base)).toHaveLength(1);
    expect((await askBase(server, base, 'Where is my car?')).titles[0]).toBe('Car');

    const third = await add(base, 'Sleep', 'Insomnia is a lack of slumber.');
    await embedded(server, base, 'index');
    expect(await inClear(base)).toBe(3);
    expect((await askBase(server, base, 'I cannot sleep')).titles[0]).toBe('Sleep');

    await app.json('DELETE', `${base.path}/${third}`);
    expect(await inClear(base)).toBe(2);
    expect((await askBase(server, base, 'I cannot sleep')).titles.toSorted()).toEqual(['Car', 'Dog']);

    await app.db.everywhere.exec('update document set searchable = false where id = $1', [dog]);
    const hidden = await askBase(server, base, 'puppy');
    expect(hidden).toMatchObject({ titles: ['Car'], embeddings: { search: 'index' } });
  });

  test('a base that shrinks, one that is deleted, and one of another model leave nothing in clear', async () => {
    const { base: small, car, dog } = await makeLeaflets();
    const { base: gone } = await makeLeaflets();
    const { base: kept } = await makeLeaflets();
    for (const base of [small, gone, kept]) await embedded(server, base, 'index');

    for (const id of [car, dog]) await app.json('DELETE', `${small.path}/${id}`);
    await app.json('DELETE', `/api/v1/knowledge-bases/${gone.id}`);
    expect(await inClear(gone)).toBe(0);
    for (const base of [small, gone]) await poll(() => graphs(base)).toEqual([]);
    expect(await inClear(small)).toBe(0);

    // Another server notices the change a moment later.
    for (const [model, dimensions] of [
      ['concepts@12', 12],
      ['concepts', 8],
    ] as const) {
      await chooseModel(app, model);
      await poll(async () => (await askBase(server, kept, 'puppy')).embeddings).toMatchObject({
        model,
        search: 'index',
      });
      await poll(() => graphs(kept)).toEqual([indexNameOf({ baseId: kept.id, dimensions })]);
      expect((await askBase(server, kept, 'puppy')).titles[0]).toBe('Dog');
    }
  });

  test('several servers make one index', async () => {
    const others = [await app.second(indexed), await app.second(indexed)];
    const { base } = await makeLeaflets();
    for (const one of [server, ...others]) await embedded(one, base, 'index');
    expect(await graphs(base)).toHaveLength(1);
    expect(await inClear(base)).toBe(2);
    for (const one of others) await one.close();
  });

  test('a backup holds nothing in clear, and an index is made anew of what is restored', async () => {
    const { base } = await makeLeaflets();
    await embedded(server, base, 'index');
    const folder = await mkdtemp(join(tmpdir(), 'rapport-nearby-'));
    const file = join(folder, 'backup.zip');
    const { tables } = await backUp({ owner: app.database, file, keys: 'inside' });
    expect(tables.map(({ name }) => name)).not.toContain('passage_vector');

    const database = `${String(app.database.database)}_r`;
    const target = { ...app.database, database };
    const admin = new pg.Client({ ...app.database, database: 'postgres' });
    await admin.connect();
    await admin.query(`create database ${database}`);
    const nothing = { before: async () => {}, after: async () => {} };
    const from = () => restore({ owner: target, file, replace: true, knowsMasterKey: () => true, ...nothing });
    await from();
    const running = async (work: (client: pg.Client) => Promise<void>) => {
      const restored = await startApp({ config: { ...app.config, ...indexed }, database: target });
      const client = new pg.Client(target);
      await client.connect();
      await client.query(`set rapport.org = '*'`);
      await work(client).finally(() => client.end());
      await restored.close();
    };
    const ready = `select count(*)::int as n from vector_index i
      join derived.passage_vector v on v.knowledge_base_id = i.knowledge_base_id where i.ready and i.knowledge_base_id = $1`;
    const copied = (client: pg.Client) => async () =>
      (await client.query<{ n: number }>(ready, [base.id]).catch(() => undefined))?.rows[0]?.n ?? 0;
    await running((client) => poll(copied(client)).toBe(2));
    // Over what is there: the old copies go with the old tables.
    await from();
    await running((client) => poll(copied(client)).toBe(2));
    await admin.query(`drop database ${database} with (force)`);
    await admin.end();
    await rm(folder, { recursive: true, force: true });
  });

  test('a server that stops while it makes an index does so at once, and the next one goes on', async () => {
    await server.close();
    const { base } = await makeLeaflets();
    await embedded(app, base, 'exact');
    const writer = new pg.Client(app.database);
    await writer.connect();
    // An index waits for whoever may still write rows it has not seen.
    await writer.query('begin; delete from derived.passage_vector where false');
    const first = await app.second(indexed);
    const building = `select 1 from pg_stat_activity
      where datname = current_database() and query like 'create index concurrently%' and state = 'active'`;
    await poll(async () => (await app.db.everywhere.many(building)).length).toBe(1);
    await first.close();
    await poll(async () => (await app.db.everywhere.many(building)).length).toBe(0);
    await writer.query('rollback');
    await writer.end();
    server = await app.second(indexed);
    await embedded(server, base, 'index');
    expect(await graphs(base)).toHaveLength(1);
  });

  // The last one: it takes the index from the others.
  test('switched off, nothing stays in clear, and every vector is looked at again', async () => {
    const { base } = await makeLeaflets();
    await embedded(server, base, 'index');
    await server.close();
    server = await app.second({ pgvectorFrom: null });
    await poll(leftovers).toBe(false);
    expect(await askBase(server, base, 'puppy')).toMatchObject({
      titles: ['Dog', 'Car'],
      embeddings: { search: 'exact' },
    });
    await add(base, 'Sleep', 'Insomnia is a lack of slumber.');
    await embedded(server, base, 'exact');
  });
}

test('what fails at the start is prepared as soon as it can be', async () => {
  const { base } = await makeLeaflets();
  // Of what was restored; and whoever drops what it tells of is kept from that.
  await app.db.everywhere.exec(
    `insert into vector_index (org_id, knowledge_base_id, space, dimensions, ready)
     select org_id, id, 'elsewhere', 8, true from knowledge_base where id = $1`,
    [base.id],
  );
  const hindrance = `create function hinder() returns trigger language plpgsql as $$ begin raise 'not now'; end $$`;
  await app.db.everywhere.exec(hindrance);
  await app.db.everywhere.exec(
    'create trigger hinder before delete on vector_index for each statement execute function hinder()',
  );
  const log = logOf();
  const config = { ...app.config, ...indexed, logLevel: 'warn' as const };
  const running = await startApp({ config, database: app.database, logTo: log.logTo });
  await poll(async () => log.text()).toMatch(/not now.*could not be prepared and is tried again/);
  await app.db.everywhere.exec('drop function hinder cascade');
  const elsewhere = `select 1 from vector_index where space = 'elsewhere'`;
  await poll(async () => (await app.db.everywhere.many(elsewhere)).length).toBe(0);
  if (there) await poll(() => inClear(base)).toBe(2);
  await running.close();
});
