import type { Page } from '@rapport/protocol/common';
import type { ThreadFolder, ThreadFolderCreate, ThreadFolderPatch } from '@rapport/protocol/threads';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { deepest, whyNotIn } from './threadFolders.ts';
import * as store from './threadFolders.store.ts';

export type ThreadFolderService = ReturnType<typeof createThreadFolderService>;

/** One page of the list holds them all. */
const most = 200;

const reasons = {
  missing: 'There is no such folder.',
  circle: 'A folder cannot lie in itself.',
  depth: `Folders go ${deepest} levels deep at most.`,
} as const;

const taken = () =>
  new AppError('taken', { errors: [{ pointer: '/name', message: 'There is a folder of this name.' }] });

/** The tree of folders in which an organisation keeps its threads. */
export function createThreadFolderService({ db, audit }: { db: Database; audit: Audit }) {
  const changing = async <T>(actor: Actor, work: (tx: Tx, all: ThreadFolder[]) => Promise<T>): Promise<T> => {
    requireStaff(actor);
    return audit.acting(actor, 'thread.folders-changed', {}, async (tx) => {
      await store.lockTree(tx, actor.orgId);
      return work(tx, await store.allFolders(tx, actor.orgId));
    });
  };

  const requirePlace = (all: ThreadFolder[], { id, parentId, name }: Omit<ThreadFolder, 'revision'>): void => {
    const why = whyNotIn(all, id, parentId);
    if (why) throw new AppError('invalid-body', { errors: [{ pointer: '/parentId', message: reasons[why] }] });
    const same = (other: ThreadFolder) =>
      other.id !== id && other.parentId === parentId && other.name.toLowerCase() === name.toLowerCase();
    if (all.some(same)) throw taken();
  };

  return {
    async list(actor: Actor, page: Page): Promise<{ items: ThreadFolder[]; next: string | null }> {
      requireStaff(actor);
      const [after = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listFolders(db.in(actor.orgId), actor.orgId, after, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (folder) => folder,
        ({ id }) => encodeCursor(id),
      );
    },

    /** Throws `invalid-body`, `taken`. */
    create: (actor: Actor, { name, parentId }: ThreadFolderCreate): Promise<ThreadFolder> =>
      changing(actor, async (tx, all) => {
        requireStaff(actor);
        const folder = { id: newId(), name, parentId };
        requirePlace(all, folder);
        if (all.length >= most)
          throw new AppError('wrong-state', { detail: `An organisation has ${most} folders at most.` });
        return store.insertFolder(tx, actor.orgId, folder, actor.userId);
      }),

    /** Renames or moves it. Throws `not-found`, `invalid-body`, `taken`, `conflict`. */
    update: (actor: Actor, id: string, { revision, name, parentId }: ThreadFolderPatch): Promise<ThreadFolder> =>
      changing(actor, async (tx, all) => {
        const folder = all.find((one) => one.id === id);
        if (!folder) throw notFound();
        if (folder.revision !== revision) throw new AppError('conflict');
        const next = { id, name: name ?? folder.name, parentId: parentId === undefined ? folder.parentId : parentId };
        requirePlace(all, next);
        return store.updateFolder(tx, actor.orgId, next);
      }),

    /**
     * What is in it stays where it is, and the folder with it, or moves up. Throws `not-found`, `in-use`, and `taken` where a
     * folder of its name lies above.
     */
    remove: (actor: Actor, id: string, contents: 'keep' | 'up'): Promise<void> =>
      changing(actor, async (tx, all) => {
        const { orgId } = actor;
        const folder = all.find((one) => one.id === id);
        if (!folder) throw notFound();
        await store.closeFolder(tx, orgId, id);
        if (contents === 'up') {
          const { parentId } = folder;
          const left = all.filter((one) => one.id !== id);
          for (const one of left.filter((other) => other.parentId === id)) requirePlace(left, { ...one, parentId });
          await store.moveContents(tx, orgId, id, parentId);
        } else if (await store.folderIsUsed(tx, orgId, id))
          throw new AppError('in-use', { detail: 'There is something in this folder. Let it move up, or empty it.' });
        await store.deleteFolder(tx, orgId, id);
      }),
  };
}
