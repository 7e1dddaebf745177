import type { Db, Tx } from '../../platform/db/db.ts';
import { dropParts } from './index.store.ts';

/** Whether new versions of documents of this base wait for their evaluations. */
export const hasEvaluations = async (db: Db, orgId: string, baseId: string): Promise<boolean> =>
  (await db.maybe(`select 1 from evaluation where org_id = $1 and knowledge_base_id = $2 limit 1`, [orgId, baseId])) !==
  undefined;

/** Makes the version that waits the one that is read and searched. False: this version does not wait. Returns in how many passages. */
export async function exchange(tx: Tx, orgId: string, documentId: string, version: number): Promise<number | null> {
  const key = [orgId, documentId, version];
  const marked = await tx.exec(
    `update document_version set state = 'ready' where org_id = $1 and document_id = $2 and version = $3 and state = 'waiting'`,
    key,
  );
  if (marked !== 1) return null;
  await dropParts(tx, orgId, documentId, false);
  await tx.exec(`update index_part set waiting = false where org_id = $1 and document_id = $2`, [orgId, documentId]);
  await tx.exec(`update chunk set waiting = false where org_id = $1 and document_id = $2`, [orgId, documentId]);
  await tx.exec(
    `delete from evaluation_run
     where org_id = $1 and document_id = $2 and version = $3 and state in ('queued', 'running')`,
    key,
  );
  const { chunks } = await tx.one<{ chunks: number }>(
    `update document d set ready_version = v.version, length = v.length, updated_at = now(),
       chunk_count = coalesce((select sum(p.chunks) from index_part p where p.org_id = $1 and p.document_id = $2), 0)
     from document_version v
     where d.org_id = $1 and d.id = $2 and v.org_id = $1 and v.document_id = $2 and v.version = $3
     returning d.chunk_count as chunks`,
    key,
  );
  return chunks;
}

/** Deletes the version that waits; its number is not given again. False: this version does not wait. */
export async function discard(tx: Tx, orgId: string, documentId: string, version: number): Promise<boolean> {
  const gone = await tx.exec(
    `delete from document_version where org_id = $1 and document_id = $2 and version = $3 and state = 'waiting'`,
    [orgId, documentId, version],
  );
  if (gone !== 1) return false;
  await dropParts(tx, orgId, documentId, true);
  await tx.exec(
    `update document set version = ready_version, last_version = $3, updated_at = now() where org_id = $1 and id = $2`,
    [orgId, documentId, version],
  );
  return true;
}
