import { createReadStream } from 'node:fs';
import { mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobMissing, BlobStoreError, type BlobBackend, type StoredBlob } from './backend.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const partial = '.part';

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const own = (error: unknown, what: string): BlobStoreError =>
  codeOf(error) === 'ENOENT'
    ? new BlobMissing(`${what}: there is no such file`, { cause: error })
    : new BlobStoreError(`${what}: ${(error as Error).message}`, {
        full: ['ENOSPC', 'EDQUOT'].includes(codeOf(error)),
        cause: error,
      });

const ours = async <T>(what: string, work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    throw own(error, what);
  }
};

async function syncFolder(path: string): Promise<void> {
  // Windows opens no folder, and needs none to be synced.
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  await handle.sync().finally(() => handle.close());
}

export const filesFolder = ({ dataDir, files }: { dataDir: string; files: { folder: string | null } }): string =>
  files.folder ?? join(dataDir, 'files');

/** Files in a folder of this machine, one folder per organisation. */
export function folderBackend(root: string): BlobBackend {
  const folderOf = (orgId: string): string => {
    if (!uuid.test(orgId)) throw new Error('an organisation is named by a UUID');
    return join(root, orgId);
  };
  const fileOf = (orgId: string, id: string): string => {
    if (!uuid.test(id)) throw new Error('a blob is named by a UUID');
    return join(folderOf(orgId), id);
  };

  return {
    async write(orgId, id, body) {
      const file = fileOf(orgId, id);
      const folder = folderOf(orgId);
      await ours('a folder of files could not be made', mkdir(folder, { recursive: true, mode: 0o700 }));
      const handle = await ours('a file could not be made', open(`${file}${partial}`, 'w', 0o600));
      try {
        for await (const piece of body) await ours('a file could not be written', handle.writeFile(piece));
        await ours('a file could not be written', handle.sync());
        await handle.close();
        await ours('a file could not be put in its place', rename(`${file}${partial}`, file));
        await ours('a folder of files could not be written', syncFolder(folder));
      } catch (error) {
        await handle.close().catch(() => {});
        await rm(`${file}${partial}`, { force: true }).catch(() => {});
        throw error;
      }
    },

    async read(orgId, id) {
      const handle = await ours('a file could not be opened', open(fileOf(orgId, id), 'r'));
      return (async function* () {
        const stream = createReadStream('', { fd: handle, highWaterMark: 256 * 1024 });
        try {
          for await (const piece of stream) yield piece as Buffer;
        } catch (error) {
          throw own(error, 'a file could not be read');
        } finally {
          stream.destroy();
        }
      })();
    },

    async remove(orgId, id) {
      const file = fileOf(orgId, id);
      for (const path of [`${file}${partial}`, file]) {
        await ours('a file could not be removed', rm(path, { force: true }));
      }
    },

    async *list(orgId): AsyncGenerator<StoredBlob> {
      const folder = await opendir(folderOf(orgId)).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return null;
        throw own(error, 'the files could not be listed');
      });
      for await (const { name } of folder ?? []) {
        const id = name.replace(partial, '');
        const about = uuid.test(id) ? await stat(join(folderOf(orgId), name)).catch(() => null) : null;
        if (about) yield { id, at: about.mtime };
      }
    },

    close: async () => {},
  };
}
