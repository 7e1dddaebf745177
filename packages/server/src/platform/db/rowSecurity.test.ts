import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, makePersona, type TestApp } from '../../test/app.ts';
import { connectDatabase } from './connect.ts';
import type { Database } from './db.ts';

let app: TestApp;
let db: Database;
let login: pg.PoolConfig;
let orgId: string;
const other = randomUUID();

beforeAll(async () => {
  app = await startTestApp();
  await makePersona(app);
  ({ app: login, db } = await connectDatabase(app.config, app.database));
  orgId = (await db.everywhere.one<{ id: string }>('select id from org')).id;
  await db.everywhere.exec('insert into org (id, name) values ($1, $2)', [other, 'Other House']);
});

afterAll(async () => {
  await db.close();
  await app.close();
});

// `rate_count` holds hashes of addresses and counts: nothing of an organisation.
test('every table of an organisation has row-level security, enabled and forced', async () => {
  const loose = await app.db.everywhere.many<{ name: string }>(
    `select c.relname as name from pg_class c
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and c.relname not in ('migration', 'rate_count')
       and not (c.relrowsecurity and c.relforcerowsecurity)`,
  );
  expect(loose).toEqual([]);
});

test('every foreign key between tables of an organisation carries the organisation', async () => {
  const bare = await app.db.everywhere.many<{ name: string }>(
    `select conname as name from pg_constraint k
     where contype = 'f' and confrelid not in ('org'::regclass, 'login'::regclass)
       and not exists (select 1 from pg_attribute a
         where a.attrelid = k.conrelid and a.attnum = any(k.conkey) and a.attname = 'org_id')`,
  );
  expect(bare).toEqual([]);
});

test('the login the server works with owns nothing and stands above nothing', async () => {
  const who = await db.everywhere.one<{ tables: number; above: boolean }>(
    `select (select count(*)::int from pg_class where relowner = r.oid) as tables,
       rolsuper or rolbypassrls or rolcreaterole as above
     from pg_roles r where rolname = current_user`,
  );
  expect(who).toEqual({ tables: 0, above: false });
  await expect(db.everywhere.many('select * from migration')).rejects.toThrow(/permission denied/);
});

test('a statement that forgets its organisation still sees only that of its scope', async () => {
  expect(await db.in(orgId).many('select id from persona')).toHaveLength(1);
  expect(await db.in(other).many('select id from persona')).toEqual([]);
  expect(await db.in(other).many('select id from org')).toEqual([{ id: other }]);
  expect(await db.in(other).exec('update persona set name = name')).toBe(0);
  expect(await db.in(other).exec('delete from knowledge_base')).toBe(0);
});

test('a row cannot be written into another organisation', async () => {
  const insert = 'insert into team (org_id, id, name) values ($1, $2, $3)';
  await expect(db.in(other).exec(insert, [orgId, randomUUID(), 'smuggled'])).rejects.toThrow(/row-level security/);
  await expect(
    db.in(other).tx(async (tx) => {
      await tx.exec(insert, [other, randomUUID(), 'own']);
      await tx.exec('update team set org_id = $1', [orgId]);
    }),
  ).rejects.toThrow(/row-level security/);
});

test('a connection that names no organisation sees nothing, also after one that did', async () => {
  const client = new pg.Client(login);
  await client.connect();
  await client.query(`begin; set local rapport.org = '${orgId}'`);
  expect((await client.query('select 1 from persona')).rowCount).toBe(1);
  await client.query('commit');
  expect((await client.query('select 1 from persona')).rowCount).toBe(0);
  expect((await client.query('select 1 from org')).rowCount).toBe(0);
  await client.end();
});

test('an organisation that is no UUID never reaches the database', async () => {
  await expect(async () => db.in(`x'; drop table org; --`).many('select 1')).rejects.toThrow(/UUID/);
});
