import { readdir, readFile } from 'node:fs/promises';
import type { Database } from './db.ts';

const folder = new URL('../../migrations/', import.meta.url);
// Any fixed number: two servers that start at once must not both migrate.
const lockKey = 7_204_310;

/** Runs the migrations that have not run yet, each in its own transaction. Returns their names. */
export async function migrate(db: Database): Promise<string[]> {
  const connection = await db.pool.connect();
  try {
    await connection.query('select pg_advisory_lock($1)', [lockKey]);
    await connection.query('create table if not exists migration (name text primary key, at timestamptz not null default now())');
    const done = new Set((await connection.query<{ name: string }>('select name from migration')).rows.map((r) => r.name));
    const pending = (await readdir(folder)).filter((f) => f.endsWith('.sql') && !done.has(f)).sort();
    for (const name of pending) {
      await connection.query('begin');
      await connection.query(await readFile(new URL(name, folder), 'utf8'));
      await connection.query('insert into migration (name) values ($1)', [name]);
      await connection.query('commit');
    }
    return pending;
  } finally {
    await connection.query('select pg_advisory_unlock($1)', [lockKey]).catch(() => {});
    connection.release();
  }
}
