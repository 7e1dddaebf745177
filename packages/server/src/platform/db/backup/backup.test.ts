import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { buffer, text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { makePersona, makeSession, startTestApp, type TestApp } from '../../../test/app.ts';
import { runCommand } from '../../../test/command.ts';
import { makeBase } from '../../../test/knowledge.ts';
import { startS3 } from '../../../test/s3.ts';
import { createBlobs } from '../../blobs/blobs.ts';
import { filesFolder, folderBackend } from '../../blobs/folder.ts';
import { s3Backend } from '../../blobs/s3.ts';
import { encryptingCodec } from '../../keys/codec.ts';
import { loadMasterKeys } from '../../keys/masterKeys.ts';
import { createLogger } from '../../logger.ts';
import { createOutgoing } from '../../net/outgoing.ts';
import { openDatabase } from '../db.ts';
import { prepareDatabase } from '../prepare.ts';
import { backUp } from './backup.ts';
import { restore, type RestoreOptions } from './restore.ts';

let app: TestApp;
let folder: string;
let whole: string;
let bare: string;
let keys: string;
const made: { database: string; role?: string }[] = [];
const { template: _template, ...connection } = inject('database');

async function admin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...connection, database: 'postgres' });
  await client.connect();
  return work(client).finally(() => client.end());
}

/** An empty database; with `owner`, of a login that stands under row-level security. */
async function emptyDatabase(owner?: 'plain'): Promise<pg.PoolConfig> {
  const database = `t_${randomBytes(8).toString('hex')}`;
  await admin(async (client) => {
    if (owner) await client.query(`create role ${database} login nosuperuser createrole password 'secret'`);
    await client.query(`create database ${database} ${owner ? `owner ${database}` : ''}`);
  });
  made.push({ database, ...(owner ? { role: database } : {}) });
  return { ...connection, database, ...(owner ? { user: database, password: 'secret' } : {}) };
}

const nothing: Pick<RestoreOptions<void>, 'before' | 'after'> = { before: async () => {}, after: async () => {} };
const into = async (owner: pg.PoolConfig, file: string, more: Partial<RestoreOptions<void>> = {}) => {
  const master = await loadMasterKeys(app.config);
  const known = (id: string) => master.find(id) !== undefined;
  return restore({ owner, file, replace: true, knowsMasterKey: known, ...nothing, ...more });
};

/** Every row of every table, in an order of its own. */
async function rowsOf(config: pg.PoolConfig): Promise<Record<string, string[]>> {
  const client = new pg.Client(config);
  await client.connect();
  const tables = await client.query<{ name: string }>(
    `select relname::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
  );
  const found: Record<string, string[]> = {};
  await client.query(`set rapport.org = '*'`);
  for (const { name } of tables.rows) {
    const epoch = name === 'room' ? `- 'epoch'` : '';
    const at = name === 'migration' ? `- 'at'` : '';
    const { rows } = await client.query<{ row: string }>(
      `select (to_jsonb(t) ${epoch} ${at})::text as row from ${name} t`,
    );
    found[name] = rows.map(({ row }) => row).sort();
  }
  await client.end();
  return found;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-backup-'));
  app = await startTestApp();
  const personaId = await makePersona(app, { openingLine: 'Hello.\nThere\t"you" \\ are.' });
  const { body: client } = await app.json('POST', '/api/v1/clients', { name: 'Robin \\N é', about: 'About.' });
  await makeSession(app, personaId, { clientId: client.id });
  [whole, bare, keys] = ['whole.zip', 'bare.zip', 'keys.zip'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await backUp({ owner: app.database, file: whole, keys: 'inside' });
  await backUp({ owner: app.database, file: bare, keys: { file: keys } });
});

afterAll(async () => {
  await app.close();
  await admin(async (client) => {
    for (const { database, role } of made) {
      await client.query(`drop database if exists ${database} with (force)`);
      if (role) await client.query(`drop role if exists ${role}_app`);
      if (role) await client.query(`drop role if exists ${role}`);
    }
  });
  await rm(folder, { recursive: true, force: true });
});

test.each([undefined, 'plain'] as const)(
  'what is restored is what was backed up, row by row (owner: %s)',
  async (owner) => {
    const target = await emptyDatabase(owner);
    const manifest = await into(target, whole);
    expect(manifest.holds).toBe('database and keys');
    expect(await rowsOf(target)).toEqual(await rowsOf(app.database));
    await prepareDatabase(target);
    // Once more over itself, from a backup that this owner made.
    const again = join(folder, `again-${owner}.zip`);
    await backUp({ owner: target, file: again, keys: 'left out' });
    await into(target, again);
    expect(await rowsOf(target)).toEqual(await rowsOf(app.database));
  },
);

test('policies hold after a restore as before', async () => {
  const target = await emptyDatabase();
  await into(target, whole);
  const client = new pg.Client(target);
  await client.connect();
  const { rows } = await client.query(
    `select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname not in ('migration', 'rate_count')
       and not (relrowsecurity and relforcerowsecurity)`,
  );
  await client.end();
  expect(rows).toEqual([]);
});

test('without keys it is restored only where they are, or with the file of keys', async () => {
  const target = await emptyDatabase();
  await expect(into(target, bare)).rejects.toThrow(/keys of \d of those/);
  expect(await rowsOf(target)).toEqual({});
  await into(target, bare, { keyFile: keys });
  expect(await rowsOf(target)).toEqual(await rowsOf(app.database));
  await into(target, bare);
  expect(await rowsOf(target)).toEqual(await rowsOf(app.database));
  await expect(into(target, keys)).rejects.toThrow(/holds keys alone/);
});

test('another master key is noticed before anything is replaced', async () => {
  const target = await emptyDatabase();
  await expect(into(target, whole, { knowsMasterKey: () => false })).rejects.toThrow(/another master key/);
  expect(await rowsOf(target)).toEqual({});
});

test('a damaged backup, or none, is refused; the database stays', async () => {
  const target = await emptyDatabase();
  await into(target, whole);
  const bytes = readFileSync(whole);
  const broken = join(folder, 'broken.zip');
  const refusals: string[] = [];
  for (const part of [0.001, 0.15, 0.3, 0.45, 0.5, 0.6]) {
    const at = Math.floor(bytes.length * part);
    const copy = Buffer.from(bytes);
    copy.fill(0xff, at, at + 16);
    writeFileSync(broken, copy);
    await into(target, broken).catch((error: Error) => refusals.push(error.message));
    // Damage may fall on what the format says twice: then the whole is there all the same.
    expect(await rowsOf(target), `damaged at ${at}`).toEqual(await rowsOf(app.database));
  }
  expect(refusals.length).toBeGreaterThanOrEqual(3);
  expect(refusals.filter((message) => !message.includes('cannot be restored'))).toEqual([]);
  writeFileSync(broken, bytes.subarray(0, bytes.length - 200));
  await expect(into(target, broken)).rejects.toThrow(/cannot be restored/);
  writeFileSync(broken, 'no zip');
  await expect(into(target, broken)).rejects.toThrow(/cannot be restored/);
  expect(await rowsOf(target)).toEqual(await rowsOf(app.database));
});

test('a backup is never written over another file, and a restore over an organisation only when told', async () => {
  await expect(backUp({ owner: app.database, file: whole, keys: 'inside' })).rejects.toThrow(/exists already/);
  const target = await emptyDatabase();
  await into(target, whole, { replace: false });
  await expect(into(target, whole, { replace: false })).rejects.toThrow(/holds an organisation already/);
});

test('a restore waits for nobody: where a server works it is refused', async () => {
  await expect(into(app.database, whole)).rejects.toThrow(/A server works on this database/);
});

test('what fails on the way leaves the database as it was', async () => {
  const target = await emptyDatabase();
  await into(target, whole);
  const before = await rowsOf(target);
  const after = async () => {
    throw new Error('no');
  };
  await expect(into(target, whole, { after })).rejects.toThrow('no');
  expect(await rowsOf(target)).toEqual(before);
});

test('files beside the database are in it, sealed as they lie there, and come back with it', async () => {
  const base = await makeBase(app);
  await base.upload([['Tides.txt', 'The tide turns at noon.']]);
  await base.settled(1);
  const file = join(folder, 'files.zip');
  const here = folderBackend(filesFolder(app.config));
  const manifest = await backUp({ owner: app.database, file, keys: 'inside', files: here });
  expect(manifest.files).toHaveLength(1);
  const target = await emptyDatabase();
  const there = folderBackend(join(folder, 'restored'));
  await into(target, file, { files: there });
  const db = openDatabase({ ...target, max: 1 }, encryptingCodec(app.keyring, app.config));
  const blobs = createBlobs({ db, keyring: app.keyring, log: createLogger('silent'), backend: there });
  const { org, id } = manifest.files[0] as { org: string; id: string };
  expect(await text(await blobs.read(org, id))).toBe('The tide turns at noon.');
  await db.close();
  const bytes = readFileSync(file);
  const sealed = await buffer(await here.read(org, id));
  const at = bytes.indexOf(sealed);
  expect(at).toBeGreaterThan(0);
  const broken = join(folder, 'broken-file.zip');
  writeFileSync(broken, bytes.fill(0, at + 20, at + 24));
  await expect(into(target, broken, { files: there })).rejects.toThrow(/cannot be restored/);
});

test('files of a bucket are in it, and come back to a bucket or a folder, as the settings say', async () => {
  const [s3, outgoing] = [await startS3(), createOutgoing({ loopback: true, exceptions: [] })];
  const bucket = s3Backend(s3.config, outgoing);
  const served = await app.second({}, { files: () => bucket });
  const base = await makeBase(served);
  // Sent to the bucket in more than one part; nothing that would be read and indexed meanwhile.
  const long = Buffer.alloc(9_000_000);
  await base.upload([['Long.bin', new Uint8Array(long)]], [], served);
  const file = join(folder, 'bucket.zip');
  const made = await backUp({ owner: app.database, file, keys: 'inside', files: bucket });
  const kept = made.files.filter(({ org, id }) => s3.objects.has(`${org}/${id}`));
  expect(kept.map(({ bytes }) => bytes > long.length)).toEqual([true]);
  const before = new Map(s3.objects);
  const elsewhere = folderBackend(join(folder, 'from-bucket'));
  const target = await emptyDatabase();
  for (const there of [bucket, elsewhere]) {
    s3.objects.clear();
    await into(target, file, { files: there });
    for (const { org, id } of kept)
      expect((await buffer(await there.read(org, id))).equals(before.get(`${org}/${id}`) ?? Buffer.alloc(0))).toBe(
        true,
      );
  }
  s3.objects.clear();
  for (const [key, object] of before) s3.objects.set(key, object);
  const { endpoint, bucket: name, region, accessKey } = s3.config;
  const backUpBy = (secretKey: string, to: string) =>
    runCommand(app, ['backup', join(folder, to)], {
      RAPPORT_S3_ENDPOINT: endpoint,
      RAPPORT_S3_BUCKET: name,
      RAPPORT_S3_REGION: region,
      RAPPORT_S3_ACCESS_KEY: accessKey,
      RAPPORT_S3_SECRET_KEY: secretKey,
    });
  expect(await backUpBy(s3.config.secretKey, 'by-hand.zip')).toMatchObject({
    code: 0,
    out: expect.stringContaining('tables and 1 files are in'),
  });
  expect(await backUpBy('another', 'none.zip')).toMatchObject({
    code: 1,
    out: expect.stringContaining('answered 403'),
  });
  expect(existsSync(join(folder, 'none.zip'))).toBe(false);
  await served.close();
  await outgoing.close();
  s3.close();
}, 120_000);

// The last one: it changes what the others compare with.
test('an index of vectors is not restored, so nothing that is restored tells of one', async () => {
  const { id } = await makeBase(app);
  const index = `select org_id, id, 'test', 8, true from knowledge_base where id = $1`;
  await app.db.everywhere.exec(
    `insert into vector_index (org_id, knowledge_base_id, space, dimensions, ready) ${index}`,
    [id],
  );
  const file = join(folder, 'indexed.zip');
  await backUp({ owner: app.database, file, keys: 'inside' });
  const target = await emptyDatabase('plain');
  await into(target, file);
  const restored = await rowsOf(target);
  expect(restored.vector_index).toEqual([]);
  expect(restored.knowledge_base?.some((row) => row.includes(id))).toBe(true);
});
