import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { StartupError } from '../../startupError.ts';
import { entryOf, fileEntryOf, Manifest, manifestName, type ManifestFile, type ManifestTable } from './manifest.ts';

const largestManifest = 16 * 1024 * 1024;

const damaged = (file: string, why: string) =>
  new StartupError(`${file} cannot be restored: ${why}.`, 'Use another copy of this backup; nothing was changed.');

export interface BackupArchive {
  manifest: Manifest;
  read(table: ManifestTable): Promise<Readable>;
  readFile(file: ManifestFile): Promise<Readable>;
  close(): void;
}

const openZip = (file: string): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    const options = { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true };
    yauzl.open(file, options, (error, zip) => (error ? reject(error) : resolve(zip)));
  });

const directoryOf = (zip: ZipFile): Promise<Map<string, Entry>> =>
  new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    zip.on('error', reject);
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.readEntry();
  });

const streamOf = (zip: ZipFile, entry: Entry): Promise<Readable> =>
  new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(error) : resolve(stream)));
  });

/**
 * Opens a backup and reads it once from end to end: every table has to be there, with the sum it was written with.
 * @throws {StartupError} where it is damaged, or none.
 */
export async function openBackup(file: string): Promise<BackupArchive> {
  const zip = await openZip(file).catch((error: Error) => {
    throw damaged(file, error.message);
  });
  try {
    const entries = await directoryOf(zip);
    const head = entries.get(manifestName);
    if (!head || head.uncompressedSize > largestManifest) throw damaged(file, 'it is no backup of Rapport');
    const manifest = Manifest.safeParse(JSON.parse(String(await buffer(await streamOf(zip, head)))));
    if (!manifest.success)
      throw damaged(file, `its manifest is not as this release knows it (${manifest.error.issues[0]?.message})`);
    const find = (name: string, what: string): Promise<Readable> => {
      const entry = entries.get(name);
      if (!entry) throw damaged(file, `${what} is missing`);
      return streamOf(zip, entry);
    };
    const check = async (content: Readable, sha256: string, what: string) => {
      const hash = createHash('sha256');
      for await (const chunk of content) hash.update(chunk as Buffer);
      if (hash.digest('hex') !== sha256) throw damaged(file, `${what} was changed`);
    };
    const read = (table: ManifestTable) => find(entryOf(table.name), `the table ${table.name}`);
    const readFile = (one: ManifestFile) => find(fileEntryOf(one), `the file ${one.id}`);
    for (const table of manifest.data.tables) await check(await read(table), table.sha256, `the table ${table.name}`);
    for (const one of manifest.data.files) await check(await readFile(one), one.sha256, `the file ${one.id}`);
    return { manifest: manifest.data, read, readFile, close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error instanceof StartupError ? error : damaged(file, (error as Error).message);
  }
}
