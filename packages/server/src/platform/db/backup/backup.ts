import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import yazl from 'yazl';
import { BlobMissing, type BlobBackend } from '../../blobs/backend.ts';
import { explainDiskError, StartupError } from '../../startupError.ts';
import {
  entryOf,
  fileEntryOf,
  keyTable,
  manifestName,
  migrationTable,
  type Manifest,
  type ManifestFile,
  type ManifestTable,
} from './manifest.ts';

export interface BackupOptions {
  /** The login that owns the tables. */
  owner: pg.PoolConfig;
  /** Must not exist yet. */
  file: string;
  /** Where the wrapped keys go: nowhere, into the same file, or into another one. */
  keys: 'left out' | 'inside' | { file: string };
  /** Where the files beside the database lie; without it they are left out. */
  files?: BlobBackend;
}

const quote = pg.escapeIdentifier;

/**
 * Writes the whole database, as it was at one moment, into an archive; servers go on working. Tables are streamed, so that
 * memory does not grow with them. Returns what was written.
 */
export async function backUp({ owner, file, keys, files }: BackupOptions): Promise<Manifest> {
  const client = new pg.Client(owner);
  client.on('error', () => {});
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`set local rapport.org = '*'`);
    const all = await tablesOf(client);
    const content = all.filter(({ name }) => name !== keyTable || keys === 'inside');
    const manifest = await write(client, file, keys === 'inside' ? 'database and keys' : 'database', content, files);
    if (typeof keys === 'object') {
      const apart = all.filter(({ name }) => name === keyTable);
      await write(client, keys.file, 'keys', apart);
    }
    await client.query('commit');
    return manifest;
  } finally {
    await client.end();
  }
}

type Table = Pick<ManifestTable, 'name' | 'columns'>;

async function tablesOf(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
     from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> '${migrationTable}'
       and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
     group by c.relname order by c.relname`,
  );
  return rows;
}

async function describe(client: pg.Client): Promise<Pick<Manifest, 'postgres' | 'migrations' | 'sequences'>> {
  const version = await client.query<{ server_version: string }>('show server_version');
  const migrations = await client.query<{ name: string }>(`select name from ${migrationTable} order by name`);
  const sequences = await client.query<{ name: string; value: string }>(
    `select sequencename::text as name, last_value::text as value from pg_sequences
     where schemaname = 'public' and last_value is not null order by 1`,
  );
  return {
    postgres: version.rows[0]?.server_version ?? '',
    migrations: migrations.rows.map((row) => row.name),
    sequences: sequences.rows,
  };
}

/** Written beside its place and put there when it is whole: a backup that was cut short is none. */
async function write(
  client: pg.Client,
  file: string,
  holds: Manifest['holds'],
  tables: Table[],
  files?: BlobBackend,
): Promise<Manifest> {
  const draft = `${file}.part`;
  const zip = new yazl.ZipFile();
  try {
    const target = createWriteStream(draft, { mode: 0o600, flags: 'wx', flush: true });
    const written = pipeline(zip.outputStream, target);
    const filled = fill(client, zip, holds, tables, files);
    filled.catch((error: Error) => target.destroy(error));
    const [manifest] = await Promise.all([filled, written]);
    await putInPlace(draft, file);
    return manifest;
  } catch (error) {
    throw exists(error, draft) ?? explainDiskError(error, file);
  } finally {
    await rm(draft, { force: true });
  }
}

const exists = (error: unknown, file: string): StartupError | undefined =>
  error instanceof Error && 'code' in error && error.code === 'EEXIST'
    ? new StartupError(`${file} exists already.`, 'Choose another name: a backup is never written over.')
    : undefined;

/** A link fails where a rename would write over what is there. */
async function putInPlace(draft: string, file: string): Promise<void> {
  await link(draft, file).catch((error: unknown) => {
    throw exists(error, file) ?? error;
  });
  const handle = await open(file, 'r');
  await handle.sync().finally(() => handle.close());
}

async function fill(
  client: pg.Client,
  zip: yazl.ZipFile,
  holds: Manifest['holds'],
  tables: Table[],
  backend?: BlobBackend,
): Promise<Manifest> {
  const madeAt = new Date();
  const done: ManifestTable[] = [];
  for (const table of tables) done.push(await addTable(client, zip, table, madeAt));
  const files = backend ? await addFiles(client, zip, backend, madeAt) : [];
  const manifest: Manifest = {
    format: 'rapport-backup',
    version: 1,
    holds,
    madeAt: madeAt.toISOString(),
    ...(await describe(client)),
    tables: done,
    files,
  };
  zip.addBuffer(Buffer.from(JSON.stringify(manifest, null, 2)), manifestName, { mtime: madeAt, mode: 0o100600 });
  zip.end();
  return manifest;
}

/** Sealed as they lie there. One that was deleted since the moment of the backup is missing in it. */
async function addFiles(
  client: pg.Client,
  zip: yazl.ZipFile,
  backend: BlobBackend,
  mtime: Date,
): Promise<ManifestFile[]> {
  const { rows } = await client.query<{ org: string; id: string }>(
    `select org_id as org, id from blob where state = 'kept' order by org_id, id`,
  );
  const done: ManifestFile[] = [];
  for (const { org, id } of rows) {
    const body = await backend.read(org, id).catch((error: unknown) => {
      if (error instanceof BlobMissing) return null;
      throw error;
    });
    if (!body) continue;
    const hash = createHash('sha256');
    let bytes = 0;
    const meter = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        hash.update(chunk);
        bytes += chunk.length;
        next(null, chunk);
      },
    });
    // What is sealed does not get smaller.
    zip.addReadStream(meter, fileEntryOf({ org, id }), { mtime, mode: 0o100600, compress: false });
    await pipeline(body, meter, { end: true });
    done.push({ org, id, bytes, sha256: hash.digest('hex') });
  }
  return done;
}

function addTable(client: pg.Client, zip: yazl.ZipFile, { name, columns }: Table, mtime: Date): Promise<ManifestTable> {
  const hash = createHash('sha256');
  let [rows, bytes] = [0, 0];
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      bytes += chunk.length;
      // In COPY's text form a line break inside a value is written \n, so each one ends a row.
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) rows += 1;
      next(null, chunk);
    },
  });
  const copy = client.query(copyTo(`copy ${quote(name)} (${columns.map(quote).join(', ')}) to stdout`));
  zip.addReadStream(meter, entryOf(name), { mtime, mode: 0o100600 });
  return pipeline(copy, meter, { end: true }).then(() => ({ name, columns, rows, bytes, sha256: hash.digest('hex') }));
}
