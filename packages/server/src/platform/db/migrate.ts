import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';

const folder = new URL('../../migrations/', import.meta.url);

/** Runs the migrations that have not run yet, each in its own transaction. Returns their names. The caller holds the lock. */
export async function migrate(owner: pg.Client): Promise<string[]> {
  await owner.query(
    'create table if not exists migration (name text primary key, at timestamptz not null default now())',
  );
  const done = new Set((await owner.query<{ name: string }>('select name from migration')).rows.map((r) => r.name));
  const pending = (await readdir(folder)).filter((f) => f.endsWith('.sql') && !done.has(f)).sort();
  for (const name of pending) {
    // Forced policies bind the owner of the tables too, and a change of data is meant for every organisation.
    await owner.query("begin; set local rapport.org = '*'");
    await owner.query(await readFile(new URL(name, folder), 'utf8'));
    await owner.query('insert into migration (name) values ($1)', [name]);
    await owner.query('commit');
  }
  return pending;
}
