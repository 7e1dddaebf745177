import type { Audit } from '../../platform/audit/audit.ts';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { Retained } from './retention.service.ts';
import * as store from './retained.store.ts';
import type { Held } from './retained.store.ts';

/** What retention does with sessions, memories, the logs of their replies, the exports made of them, and the audit log. */
export function createRetained(
  heldOf: (db: Db, orgId: string) => Promise<Held>,
  audit: Pick<Audit, 'record' | 'trim' | 'trimmable'>,
  /** What else stands anywhere of sessions that are deleted next. */
  beforeSessionsGo: (tx: Tx, orgId: string, sessionIds: string[]) => Promise<void>,
) {
  const sessions: Retained = {
    preview: async (db, orgId, before) => store.countSessions(db, orgId, before, await heldOf(db, orgId)),
    async sweep(tx, orgId, before, limit) {
      const old = await store.lockSessions(tx, orgId, before, await heldOf(tx, orgId), limit);
      if (old.length === 0) return 0;
      const ids = old.map(({ id }) => id);
      await beforeSessionsGo(tx, orgId, ids);
      await store.deleteSessions(tx, orgId, old);
      return old.length;
    },
  };
  const drafts: Retained = {
    preview: async (db, orgId, before) => store.countDrafts(db, orgId, before, await heldOf(db, orgId)),
    sweep: async (tx, orgId, before, limit) => store.deleteDrafts(tx, orgId, before, await heldOf(tx, orgId), limit),
  };
  const memories: Retained = {
    preview: async (db, orgId, before) => store.countMemories(db, orgId, before, await heldOf(db, orgId)),
    sweep: async (tx, orgId, before, limit) => store.deleteMemories(tx, orgId, before, await heldOf(tx, orgId), limit),
  };
  const files: Retained = {
    preview: async (db, orgId, before) => store.countFiles(db, orgId, before, await heldOf(db, orgId)),
    sweep: async (tx, orgId, before, limit) => store.deleteFiles(tx, orgId, before, await heldOf(tx, orgId), limit),
  };
  /** No hold keeps entries: they name records by id and hold nothing of them. */
  const log: Retained = {
    preview: async (db, orgId, before) => ({ ...(await audit.trimmable(db, orgId, before)), held: 0 }),
    async sweep(tx, orgId, before) {
      const gone = await audit.trim(tx, orgId, before);
      if (gone > 0) audit.record(tx, { kind: 'system', orgId }, 'audit.trimmed', {});
      await store.forgetFormer(tx, orgId);
      return gone;
    },
  };
  return { sessions, memories, drafts, files, audit: log };
}
