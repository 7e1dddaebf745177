import type { Statements } from '../../platform/db/statements.ts';
import { entries } from './catalogue.ts';
import { listEntries, type LedgerEntry } from './ledger.store.ts';
import { createLedgerFile, replayLedger } from './ledger.ts';

/** Tables whose files hold what was erased until they are written anew. */
export const clientTables = entries.filter(([, entry]) => entry.about === 'client').map(([table]) => table);

/** For a restore: whom the database being replaced, and the ledger beside it, know to be erased is erased again. */
export function createReplay(dataDir: string) {
  const file = createLedgerFile(dataDir);
  const result = { erased: 0 };
  return {
    result,

    async before(db: Statements): Promise<LedgerEntry[]> {
      const known = await db.maybe(`select 1 from pg_class where oid = to_regclass('public.deletion_ledger')`);
      return known ? listEntries(db) : [];
    },

    async after(db: Statements, seen: LedgerEntry[] = []): Promise<void> {
      result.erased = await replayLedger(db, [...(await file.read()), ...seen]);
      // Remembered answers repeat what rows say; nobody repeats a request from before a restore.
      await db.exec('delete from idempotency');
    },
  };
}
