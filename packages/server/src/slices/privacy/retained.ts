import type { Db } from '../../platform/db/db.ts';
import type { Retained } from './retention.service.ts';
import * as store from './retained.store.ts';
import type { Held } from './retained.store.ts';

/** What retention does with sessions, the logs of their replies and the exports made of them. */
export function createRetained(heldOf: (db: Db, orgId: string) => Promise<Held>) {
  const sessions: Retained = {
    preview: async (db, orgId, before) => store.countSessions(db, orgId, before, await heldOf(db, orgId)),
    async sweep(tx, orgId, before, limit) {
      const old = await store.lockSessions(tx, orgId, before, await heldOf(tx, orgId), limit);
      if (old.length > 0) await store.deleteSessions(tx, orgId, old);
      return old.length;
    },
  };
  const drafts: Retained = {
    preview: async (db, orgId, before) => store.countDrafts(db, orgId, before, await heldOf(db, orgId)),
    sweep: async (tx, orgId, before, limit) => store.deleteDrafts(tx, orgId, before, await heldOf(tx, orgId), limit),
  };
  const files: Retained = {
    preview: async (db, orgId, before) => store.countFiles(db, orgId, before, await heldOf(db, orgId)),
    sweep: async (tx, orgId, before, limit) => store.deleteFiles(tx, orgId, before, await heldOf(tx, orgId), limit),
  };
  return { sessions, drafts, files };
}
