import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';

const folder = new URL('../../migrations/', import.meta.url);

/** In the order in which they run. */
export const migrationNames = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();

/** Runs one migration in the caller's transaction and notes that it ran. */
export async function applyMigration(owner: pg.Client, name: string): Promise<void> {
  await owner.query(
    'create table if not exists migration (name text primary key, at timestamptz not null default now())',
  );
  await owner.query(await readFile(new URL(name, folder), 'utf8'));
  await owner.query('insert into migration (name) values ($1)', [name]);
}

/** Runs the migrations that have not run yet, each in its own transaction. Returns their names. The caller holds the lock. */
export async function migrate(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ known: boolean }>(`select to_regclass('public.migration') is not null as known`);
  const done = new Set(
    rows[0]?.known ? (await owner.query<{ name: string }>('select name from migration')).rows.map((r) => r.name) : [],
  );
  const pending = (await migrationNames()).filter((name) => !done.has(name));
  for (const name of pending) {
    // Forced policies bind the owner of the tables too, and a change of data is meant for every organisation.
    await owner.query("begin; set local rapport.org = '*'");
    await applyMigration(owner, name);
    await owner.query('commit');
  }
  if (pending.length > 0) await takeNoSamples(owner);
  return pending;
}

/** Of what is personal the planner keeps no samples: see migration 0009. */
export const takeNoSamples = (owner: pg.Client) => owner.query('select rapport_take_no_samples()');
