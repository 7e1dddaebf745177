import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { startS3 } from '../../test/s3.ts';
import { newId } from '../ids.ts';
import { createLogger } from '../logger.ts';
import { createOutgoing } from '../net/outgoing.ts';
import { BlobMissing, BlobStoreError, type BlobBackend } from './backend.ts';
import { createBlobs, type Blobs } from './blobs.ts';
import { folderBackend } from './folder.ts';
import { s3Backend } from './s3.ts';

let app: TestApp;
let orgId: string;
let folder: string;
let s3: Awaited<ReturnType<typeof startS3>>;
const outgoing = createOutgoing({ loopback: true, exceptions: [] });

beforeAll(async () => {
  app = await startTestApp();
  orgId = (await app.db.everywhere.one<{ id: string }>('select id from org')).id;
  s3 = await startS3();
});
afterAll(async () => {
  s3.close();
  await outgoing.close();
  await app.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-blobs-'));
  return () => rm(folder, { recursive: true, force: true });
});

const blobsOver = (backend: BlobBackend): Blobs =>
  createBlobs({ db: app.db, keyring: app.keyring, log: createLogger('silent'), backend });
const keep = (blobs: Blobs, blob: { id: string; bytes: number }) =>
  app.db.in(orgId).tx((tx) => blobs.keep(tx, orgId, blob));
const pieces = async function* (...all: (string | Buffer)[]) {
  for (const piece of all) yield Buffer.from(piece);
};
const content = async (blobs: Blobs, id: string) => buffer(await blobs.read(orgId, id));
const rows = async () => (await app.db.everywhere.many<{ id: string }>('select id from blob')).map(({ id }) => id);
const dropAll = () => app.db.everywhere.exec(`update blob set state = 'dropped'`);

describe.each(['folder', 's3'])('in a %s', (kind) => {
  const backend = () => (kind === 'folder' ? folderBackend(folder) : s3Backend(s3.config, outgoing));
  const stored = async () =>
    kind === 'folder'
      ? (await readdir(folder, { recursive: true })).filter((name) => name.includes('/')).length
      : s3.objects.size + s3.uploads.size;
  beforeEach(async () => {
    await dropAll();
    await app.db.everywhere.exec('delete from blob');
    s3.objects.clear();
  });

  test('what is written is read, of any size and in any pieces', async () => {
    const blobs = blobsOver(backend());
    const sizes = fc.array(fc.oneof(fc.nat(10), fc.constantFrom(65_535, 65_536, 65_537, 131_072, 200_000)), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const all = lengths.map((length, at) => Buffer.alloc(length, at + 65));
        const blob = await blobs.write(orgId, pieces(...all));
        expect(blob.bytes).toBe(Buffer.concat(all).length);
        expect((await content(blobs, blob.id)).equals(Buffer.concat(all))).toBe(true);
        await blobs.discard(orgId, [blob.id]);
      }),
      { numRuns: 30 },
    );
    expect([await rows(), await stored()]).toEqual([[], 0]);
  });

  test('a file of many megabytes goes through, too', async () => {
    const blobs = blobsOver(backend());
    const large = Buffer.alloc(20 * 1024 * 1024 + 17, 'rapport ');
    const blob = await blobs.write(orgId, pieces(large.subarray(0, 9_000_000), large.subarray(9_000_000)));
    expect((await content(blobs, blob.id)).equals(large)).toBe(true);
    expect(s3.uploads.size).toBe(0);
  });

  test('a source that breaks off leaves nothing, and its error comes through', async () => {
    const blobs = blobsOver(backend());
    for (const megabytes of [0, 10]) {
      const broken = async function* () {
        yield Buffer.alloc(megabytes * 1024 * 1024 + 5);
        throw new RangeError('the sender went away');
      };
      await expect(blobs.write(orgId, broken())).rejects.toThrow(RangeError);
      expect([await rows(), await stored()]).toEqual([[], 0]);
    }
  });

  test('a file goes when nothing keeps it; one that is kept stays, whatever is discarded', async () => {
    const blobs = blobsOver(backend());
    const [first, second] = [await blobs.write(orgId, pieces('one')), await blobs.write(orgId, pieces('two'))];
    await keep(blobs, first);
    await blobs.discard(orgId, [first.id, second.id]);
    expect([await rows(), await stored()]).toEqual([[first.id], 1]);
    expect(String(await content(blobs, first.id))).toBe('one');
    await expect(keep(blobs, second)).rejects.toThrow();
    await expect(blobs.read(orgId, second.id)).rejects.toThrow(BlobMissing);
  });

  test('the sweep removes what was begun long ago, and files that nobody knows; others it leaves', async () => {
    const store = backend();
    const blobs = blobsOver(store);
    const [kept, begun, fresh] = await Promise.all(
      ['kept', 'begun', 'fresh'].map((word) => blobs.write(orgId, pieces(word))),
    );
    if (!kept || !begun || !fresh) throw new Error('three were written');
    await keep(blobs, kept);
    await app.db.everywhere.exec(`update blob set created_at = now() - interval '3 hours' where id = $1`, [begun.id]);
    const [stranger, elsewhere] = [newId(), newId()];
    await store.write(orgId, stranger, pieces('nobody knows me'));
    await store.write(elsewhere, stranger, pieces('of another database'));
    if (kind === 'folder') {
      const old = new Date(Date.now() - 48 * 3_600_000);
      for (const id of [stranger, kept.id]) await utimes(join(folder, orgId, id), old, old);
    }
    await blobs.sweep();
    expect((await rows()).sort()).toEqual([kept.id, fresh.id].sort());
    await expect(store.read(orgId, stranger)).rejects.toThrow(BlobMissing);
    expect(String(await buffer(await store.read(elsewhere, stranger)))).toBe('of another database');
    expect(String(await content(blobs, kept.id))).toBe('kept');
  });
});

describe('a sealed file', () => {
  const write = async () => {
    const blobs = blobsOver(folderBackend(folder));
    const blob = await blobs.write(orgId, pieces(Buffer.alloc(200_000, 'secret ')));
    return { blobs, ...blob, path: join(folder, orgId, blob.id) };
  };

  test('shows nothing, and opens after the organisation got a newer key', async () => {
    const { blobs, id, path } = await write();
    expect((await readFile(path)).includes('secret')).toBe(false);
    await app.db.in(orgId).tx((tx) => app.keyring.create(tx, orgId, orgId));
    expect((await content(blobs, id)).length).toBe(200_000);
  });

  test.each([
    ['a byte changed', (bytes: Buffer) => bytes.fill(bytes.readUInt8(100_000) ^ 1, 100_000, 100_001)],
    [
      'pieces exchanged',
      (bytes: Buffer) =>
        Buffer.concat([
          bytes.subarray(0, 6),
          bytes.subarray(6 + 65_564, 6 + 2 * 65_564),
          bytes.subarray(6, 6 + 65_564),
          bytes.subarray(6 + 2 * 65_564),
        ]),
    ],
    ['the last piece left out', (bytes: Buffer) => bytes.subarray(0, 6 + 3 * 65_564)],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 1000)],
    ['another format', (bytes: Buffer) => bytes.fill('X', 0, 1)],
    ['nothing', () => Buffer.alloc(0)],
  ])('does not open with %s', async (_, change) => {
    const { blobs, id, path } = await write();
    await writeFile(path, change(await readFile(path)));
    await expect(content(blobs, id)).rejects.toThrow(/changed, moved or cut off/);
  });

  test('does not open in the place of another', async () => {
    const { blobs, id, path } = await write();
    const other = await blobs.write(orgId, pieces('short'));
    await writeFile(join(folder, orgId, other.id), await readFile(path));
    await expect(content(blobs, other.id)).rejects.toThrow(/changed, moved or cut off/);
    await truncate(path, 3);
    await expect(content(blobs, id)).rejects.toThrow(/changed, moved or cut off/);
  });
});

describe('S3', () => {
  test('is asked again where it is busy, and not for ever', async () => {
    const store = s3Backend(s3.config, outgoing);
    const id = newId();
    s3.fail(503);
    await store.write(orgId, id, pieces('patience'));
    expect(String(await buffer(await store.read(orgId, id)))).toBe('patience');
    s3.fail(503, 503, 503);
    await expect(store.read(orgId, id)).rejects.toThrow(BlobStoreError);
  });

  test('refuses another key, and is told of in words that hold neither', async () => {
    const store = s3Backend({ ...s3.config, secretKey: 'another' }, outgoing);
    const refused = store.write(orgId, newId(), pieces('text'));
    await expect(refused).rejects.toThrow('PUT of the file store was answered 403 SignatureDoesNotMatch');
  });
});
