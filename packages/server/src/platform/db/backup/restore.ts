import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { BlobBackend } from '../../blobs/backend.ts';
import { StartupError } from '../../startupError.ts';
import { applyMigration, migrationNames, takeNoSamples } from '../migrate.ts';
// Loaded for how the driver then reads counters and instants.
import '../db.ts';
import type { Statements } from '../statements.ts';
import { openBackup, type BackupArchive } from './archive.ts';
import { addKeys, checkKeys, readKeys } from './keys.ts';
import { keyTable, type Manifest } from './manifest.ts';

export interface RestoreOptions<T> {
  owner: pg.PoolConfig;
  file: string;
  /** An archive of keys alone, for a backup that has none. */
  keyFile?: string | undefined;
  /** Where the files of the backup go; without it they are left out. */
  files?: BlobBackend;
  /** Goes on where the database holds something already, which is replaced. */
  replace: boolean;
  /** Whether a master key is at hand, by its id. */
  knowsMasterKey(id: string): boolean;
  /** Looks at what is about to be replaced, if anything is. */
  before(db: Statements): Promise<T>;
  /** Runs on what was restored, before the commit. */
  after(db: Statements, seen: T | undefined): Promise<void>;
}

const quote = pg.escapeIdentifier;

/**
 * Replaces the database by what a backup holds, in one transaction: where anything fails, all is as it was. A backup of an
 * older release is loaded as it was made and then brought to this release's form.
 * @throws {StartupError} for what a person can mend.
 */
export async function restore<T>(options: RestoreOptions<T>): Promise<Manifest> {
  const archive = await openBackup(options.file);
  const keys = options.keyFile === undefined ? undefined : await openBackup(options.keyFile);
  const client = new pg.Client(options.owner);
  client.on('error', () => {});
  try {
    checkHolds(archive, options.file, keys);
    await checkRelease(archive.manifest);
    await client.connect();
    await client.query('begin');
    await client.query(`set local rapport.org = '*'`);
    await replaceAll(client, options, archive, keys);
    await client.query('commit');
    return archive.manifest;
  } finally {
    await client.end();
    archive.close();
    keys?.close();
  }
}

function checkHolds({ manifest }: BackupArchive, file: string, keys: BackupArchive | undefined): void {
  if (manifest.holds === 'keys')
    throw new StartupError(`${file} holds keys alone.`, 'Name the backup first and this file as --keys.');
  if (keys && !keys.manifest.tables.some(({ name }) => name === keyTable)) {
    throw new StartupError('The file of keys holds none.', 'Name the one that `rapport backup --keys` wrote.');
  }
}

async function checkRelease({ migrations }: Manifest): Promise<void> {
  const known = new Set(await migrationNames());
  const unknown = migrations.find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new StartupError(`This backup was made by a newer Rapport (${unknown}).`, 'Restore it with that release.');
}

async function replaceAll<T>(
  client: pg.Client,
  options: RestoreOptions<T>,
  archive: BackupArchive,
  keys: BackupArchive | undefined,
): Promise<void> {
  const db = statementsOf(client);
  await requireAlone(client);
  const present = await isRapport(client);
  if (present && !options.replace && (await db.maybe('select 1 from org limit 1'))) {
    throw new StartupError(
      'The database holds an organisation already.',
      'Add --replace to put the backup in its place.',
    );
  }
  const kept = present ? await readKeys(db) : [];
  const seen = present ? await options.before(db) : undefined;
  await dropAll(client);
  for (const name of archive.manifest.migrations) await applyMigration(client, name);
  await load(client, archive);
  if (options.files) await putFiles(options.files, archive);
  if (keys) await copyIn(client, keys, keyTable);
  await addKeys(db, kept);
  // So that a reader with a cursor from after the backup begins anew, also when the same backup is restored twice.
  await client.query('update room set epoch = greatest(epoch + 1, extract(epoch from now())::integer)');
  const later = (await migrationNames()).filter((name) => !archive.manifest.migrations.includes(name));
  for (const name of later) await applyMigration(client, name);
  // Which vectors were copied into what is made from other tables, of which nothing is restored.
  await client.query('delete from vector_index');
  await takeNoSamples(client);
  await options.after(db, seen);
  await checkKeys(db, options.knowsMasterKey);
}

function statementsOf(client: pg.Client): Statements {
  const many = async <Row>(text: string, values: readonly unknown[] = []) =>
    (await client.query(text, [...values])).rows as Row[];
  return {
    many,
    maybe: async <Row>(text: string, values?: readonly unknown[]) => (await many<Row>(text, values))[0],
    one: async <Row>(text: string, values?: readonly unknown[]) => {
      const rows = await many<Row>(text, values);
      if (rows.length !== 1) throw new Error(`expected one row, got ${rows.length}: ${text.slice(0, 80)}`);
      return rows[0] as Row;
    },
    exec: async (text, values = []) => (await client.query(text, [...values])).rowCount ?? 0,
  };
}

/** A server would go on with what it has in memory, and write it into what was restored. */
async function requireAlone(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and usename in (current_user, current_user || '_app')`,
  );
  if (rows[0]?.n) throw new StartupError('A server works on this database.', 'Stop every server of it first.');
}

async function isRapport(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ known: boolean }>(
    `select to_regclass('public.org') is not null and to_regclass('public.${keyTable}') is not null as known`,
  );
  return rows[0]?.known ?? false;
}

async function dropAll(client: pg.Client): Promise<void> {
  const ours = `not exists (select 1 from pg_depend d where d.objid = o.oid and d.deptype = 'e')`;
  const tables = await client.query<{ name: string }>(
    `select o.oid::regclass::text as name from pg_class o
     where o.relnamespace = 'public'::regnamespace and o.relkind in ('r', 'p') and ${ours}`,
  );
  for (const { name } of tables.rows) await client.query(`drop table ${name} cascade`);
  // What is made from other tables is made anew from what is restored.
  await client.query('drop schema if exists derived cascade');
  const functions = await client.query<{ name: string }>(
    `select o.oid::regprocedure::text as name from pg_proc o where o.pronamespace = 'public'::regnamespace and ${ours}`,
  );
  for (const { name } of functions.rows) await client.query(`drop routine ${name} cascade`);
}

async function load(client: pg.Client, archive: BackupArchive): Promise<void> {
  const { tables, sequences } = archive.manifest;
  const order = await byReference(client);
  const names = tables.map(({ name }) => name).sort((a, b) => order.indexOf(a) - order.indexOf(b));
  // What a migration put in makes place, which tables that only grow let go this once; and what triggers would make of
  // the rows is in the archive already.
  const guarded = await withTriggers(client, names);
  for (const name of guarded) await client.query(`alter table ${quote(name)} disable trigger user`);
  if (names.length > 0) await client.query(`truncate ${names.map(quote).join(', ')} cascade`);
  for (const name of names) await copyIn(client, archive, name);
  for (const name of guarded) await client.query(`alter table ${quote(name)} enable trigger user`);
  for (const { name, value } of sequences) await client.query('select setval($1::regclass, $2)', [quote(name), value]);
}

/** Before the commit: what a restore that fails has put there belongs to no row, and is swept. */
async function putFiles(backend: BlobBackend, archive: BackupArchive): Promise<void> {
  for (const file of archive.manifest.files) await backend.write(file.org, file.id, await archive.readFile(file));
}

async function withTriggers(client: pg.Client, names: string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select distinct c.relname::text as name from pg_trigger t join pg_class c on c.oid = t.tgrelid
     where c.relnamespace = 'public'::regnamespace and not t.tgisinternal and c.relname = any($1)`,
    [names],
  );
  return rows.map(({ name }) => name);
}

async function copyIn(client: pg.Client, archive: BackupArchive, name: string): Promise<void> {
  const table = archive.manifest.tables.find((one) => one.name === name);
  if (!table) return;
  // An owner who stands under the policies may not COPY into a table; for this transaction it stands above them.
  const { rows } = await client.query<{ forced: boolean }>(
    'select relforcerowsecurity as forced from pg_class where oid = $1::regclass',
    [quote(name)],
  );
  const forced = rows[0]?.forced ?? false;
  if (forced) await client.query(`alter table ${quote(name)} no force row level security`);
  const columns = table.columns.map(quote).join(', ');
  const copy = client.query(copyFrom(`copy ${quote(name)} (${columns}) from stdin`));
  await pipeline(await archive.read(table), copy);
  if (forced) await client.query(`alter table ${quote(name)} force row level security`);
  if (copy.rowCount !== table.rows) throw new Error(`${name}: ${copy.rowCount} of ${table.rows} rows were read`);
}

/** What is referred to before what refers to it. */
async function byReference(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; needs: string[] }>(
    `select c.relname::text as name, coalesce(array_agg(f.relname::text) filter (where f.oid <> c.oid), '{}') as needs
     from pg_class c left join pg_constraint k on k.conrelid = c.oid and k.contype = 'f'
       left join pg_class f on f.oid = k.confrelid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by c.relname order by c.relname`,
  );
  const order: string[] = [];
  const visit = (name: string, path: string[]) => {
    if (order.includes(name) || path.includes(name)) return;
    for (const need of rows.find((row) => row.name === name)?.needs ?? []) visit(need, [...path, name]);
    order.push(name);
  };
  for (const { name } of rows) visit(name, []);
  return order;
}
