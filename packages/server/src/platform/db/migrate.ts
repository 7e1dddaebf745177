import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import type pg from 'pg';
import { StartupError } from '../startupError.ts';

const folder = new URL('../../migrations/', import.meta.url);

/** In the order in which they run. */
export const migrationNames = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();

/** Runs one migration in the caller's transaction and notes that it ran. */
export async function applyMigration(owner: pg.Client, name: string): Promise<void> {
  await owner.query(
    'create table if not exists migration (name text primary key, at timestamptz not null default now())',
  );
  await owner.query('alter table migration add column if not exists checksum text');
  const text = await readFile(new URL(name, folder), 'utf8');
  await owner.query(text);
  await owner.query('insert into migration (name, checksum) values ($1, $2)', [name, checksumOf(text)]);
}

/** Line ends differ between checkouts and say nothing. */
const checksumOf = (text: string): string => createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');

/**
 * What ran must be what stands here: a migration that was edited afterwards never runs again, and the database would
 * silently differ from what the code believes. Those that ran before checksums were kept are given theirs now.
 * @throws {StartupError} naming the first that was edited.
 */
async function requireUnchanged(owner: pg.Client, done: ReadonlyMap<string, string | null>): Promise<void> {
  for (const name of await migrationNames()) {
    if (!done.has(name)) continue;
    const checksum = checksumOf(await readFile(new URL(name, folder), 'utf8'));
    const known = done.get(name) ?? null;
    if (known === null) await owner.query('update migration set checksum = $2 where name = $1', [name, checksum]);
    else if (known !== checksum) {
      throw new StartupError(
        `The migration ${name} was edited after it ran on this database, so the two no longer match.`,
        'Restore the file as it was released, and put the change into a migration of its own.',
      );
    }
  }
}

async function appliedTo(owner: pg.Client): Promise<Map<string, string | null>> {
  await owner.query('alter table migration add column if not exists checksum text');
  const { rows } = await owner.query<{ name: string; checksum: string | null }>('select name, checksum from migration');
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

/** Runs the migrations that have not run yet, each in its own transaction. Returns their names. The caller holds the lock. */
export async function migrate(owner: pg.Client): Promise<string[]> {
  const { rows } = await owner.query<{ known: boolean }>(`select to_regclass('public.migration') is not null as known`);
  const done = rows[0]?.known ? await appliedTo(owner) : new Map<string, string | null>();
  await requireUnchanged(owner, done);
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
