import type { Database, Tx } from '../db/db.ts';
import { AppError, notFound } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Keyring } from '../keys/keyring.ts';
import type { Logger } from '../logger.ts';
import { BlobMissing, BlobStoreError, type BlobBackend } from './backend.ts';
import { seal, unseal } from './sealing.ts';
import * as store from './store.ts';

const sweepMs = 600_000;
/** No upload lasts longer. */
const writingHours = 2;
/** A file that the database does not know may be one it will know in a moment, or one of a restored older copy. */
const strangeMs = 24 * 3_600_000;
const batch = 500;

export interface WrittenBlob {
  id: string;
  /** Of the content. */
  bytes: number;
}

export type Blobs = ReturnType<typeof createBlobs>;

interface Parts {
  db: Database;
  keyring: Keyring;
  log: Logger;
  backend: BlobBackend;
}

/** What people are told of a store of files that does not do its work; other errors as they are. */
export function asRefusal(error: unknown): unknown {
  if (!(error instanceof BlobStoreError)) return error;
  if (error instanceof BlobMissing) return notFound();
  return new AppError('files-unavailable', {
    detail: error.full ? 'The disk of the file store is full.' : 'Tell whoever runs this server.',
  });
}

/**
 * Files of an organisation, sealed under its key. A row is written before a file and deleted after it, so that whatever
 * fails in between is found and removed: no file without a row, and none that nothing refers to.
 */
export function createBlobs({ db, keyring, log, backend }: Parts) {
  let timer: NodeJS.Timeout | undefined;

  const remove = async ({ orgId, id }: store.BlobRow) => {
    await backend.remove(orgId, id);
    await store.deleteBlob(db.in(orgId), orgId, id);
  };

  /** Removes what was dropped; what cannot be removed now is, by the next sweep. */
  const collect = async (orgId: string | null): Promise<void> => {
    const scope = orgId === null ? db.everywhere : db.in(orgId);
    try {
      for (const row of await store.looseBlobs(scope, orgId, writingHours, batch)) await remove(row);
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'dropped files were not removed; the next sweep tries again');
    }
  };

  const removeStrangers = async (orgId: string, ids: string[]) => {
    const known = await store.knownBlobs(db.in(orgId), orgId, ids);
    for (const id of ids) if (!known.has(id)) await backend.remove(orgId, id);
  };

  /** Files without a row. Only folders of organisations of this database are looked into. */
  const sweepStrangers = async () => {
    for (const orgId of await store.listOrgs(db.everywhere)) {
      let old: string[] = [];
      for await (const { id, at } of backend.list(orgId)) {
        if (Date.now() - at.getTime() > strangeMs) old.push(id);
        if (old.length < batch) continue;
        await removeStrangers(orgId, old);
        old = [];
      }
      await removeStrangers(orgId, old);
    }
  };

  const sweep = async () => {
    await collect(null);
    await sweepStrangers().catch((error: Error) =>
      log.warn({ err: error.message }, 'the file store was not looked through; the next sweep tries again'),
    );
  };

  return {
    /**
     * Stores a file for which the caller's transaction then calls `keep`; without that it goes again. Errors of `source`
     * come through, and nothing is stored. Throws `files-unavailable`.
     */
    async write(orgId: string, source: AsyncIterable<Buffer>): Promise<WrittenBlob> {
      const id = newId();
      let bytes = 0;
      const metered = async function* () {
        for await (const piece of source) {
          bytes += piece.length;
          yield piece;
        }
      };
      await store.insertBlob(db.in(orgId), orgId, id);
      try {
        const key = await keyring.current(db.in(orgId), orgId, orgId);
        await backend.write(orgId, id, seal(key, { orgId, id }, metered()));
      } catch (error) {
        log.info({ err: (error as Error).message, blob: id }, 'a file was not stored');
        await remove({ orgId, id }).catch(() => {});
        throw asRefusal(error);
      }
      return { id, bytes };
    },

    /** From the commit on the file stays until the row that refers to it goes. */
    async keep(tx: Tx, orgId: string, { id, bytes }: WrittenBlob): Promise<void> {
      if (!(await store.keepBlob(tx, orgId, id, bytes))) throw new AppError('files-unavailable');
    },

    /** Files that were written and are not to be kept after all. Never throws. */
    async discard(orgId: string, ids: string[]): Promise<void> {
      if (ids.length === 0) return;
      await store.dropBlobs(db.in(orgId), orgId, ids).catch(() => 0);
      await collect(orgId);
    },

    /** To be called after the commit that let go of files. Never throws. */
    collect: (orgId: string): Promise<void> => collect(orgId),

    /** The content, in pieces. Throws BlobMissing and BlobStoreError at once, Unreadable where a piece was changed. */
    async read(orgId: string, id: string): Promise<AsyncIterable<Buffer>> {
      const sealed = await backend.read(orgId, id);
      return unseal((version) => keyring.find(db.in(orgId), orgId, orgId, version), { orgId, id }, sealed);
    },

    /** Looks for what nothing refers to. */
    sweep,

    start(): void {
      void sweep();
      timer = setInterval(() => void sweep(), sweepMs);
    },

    async stop(): Promise<void> {
      clearInterval(timer);
      await backend.close();
    },
  };
}
