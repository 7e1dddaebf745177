import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { prepareDatabase } from './prepare.ts';

const { template: _template, ...connection } = inject('database');
const owner = `owner_${randomBytes(6).toString('hex')}`;
const databases = [`${owner}_one`, `${owner}_two`];
const admin = new pg.Client({ ...connection, database: 'postgres' });

beforeAll(async () => {
  await admin.connect();
  await admin.query(`create role ${owner} login nosuperuser createrole password 'secret'`);
  for (const name of databases) await admin.query(`create database ${name} owner ${owner}`);
});
afterAll(async () => {
  for (const name of databases) await admin.query(`drop database if exists ${name} with (force)`);
  await admin.query(`drop role if exists ${owner}_app`);
  await admin.query(`drop role ${owner}`);
  await admin.end();
});

test('an owner without great powers prepares a second database on the same server', async () => {
  for (const database of databases) {
    const prepared = await prepareDatabase({ ...connection, user: owner, password: 'secret', database });
    expect(prepared.migrated.length).toBeGreaterThan(0);
    const client = new pg.Client(prepared.app);
    await client.connect();
    const { rows } = await client.query('select count(*)::int as organisations from org');
    expect(rows).toEqual([{ organisations: 0 }]);
    await client.end();
  }
});
