import type { Erasure } from '@rapport/protocol/privacy';
import type { Db } from '../../platform/db/db.ts';
import type { Counts } from './rows.store.ts';
import type { Subject } from './schema.ts';

/** After so long without a sign of life an erasure is taken up again, by whichever server finds it. */
const abandonedSeconds = 60;

export interface ErasureRow {
  org_id: string;
  id: string;
  subject_kind: Subject['kind'];
  subject_id: string;
  status: Erasure['status'];
  requested_by: string;
  started_at: string;
  erased_at: string | null;
  counts: StoredCounts | null;
}

/** What the erasing transaction found, kept for the receipt. */
export interface StoredCounts {
  rows: Counts;
  answers: number;
  keys: number;
  ledger: { seq: number; hash: string };
}

const columns = 'org_id, id, subject_kind, subject_id, status, requested_by, started_at, erased_at, counts';

export const toErasure = (row: ErasureRow & { has_receipt: boolean }): Erasure => ({
  id: row.id,
  subject: { kind: row.subject_kind, id: row.subject_id },
  status: row.status,
  counts: row.counts?.rows ?? null,
  startedAt: row.started_at,
  erasedAt: row.erased_at,
  hasReceipt: row.has_receipt,
});

/** Undefined: one of the same subject runs already. */
export const insertErasure = (db: Db, orgId: string, id: string, { kind, id: subjectId }: Subject, by: string) =>
  db.maybe<ErasureRow>(
    `insert into erasure (org_id, id, subject_kind, subject_id, requested_by) values ($1, $2, $3, $4, $5)
     on conflict (org_id, subject_kind, subject_id) where status in ('running', 'erased') do nothing returning ${columns}`,
    [orgId, id, kind, subjectId, by],
  );

export const touch = (db: Db, orgId: string, id: string) =>
  db.exec(`update erasure set touched_at = now() where org_id = $1 and id = $2`, [orgId, id]);

export const markRefused = (db: Db, orgId: string, id: string) =>
  db.exec(`update erasure set status = 'refused' where org_id = $1 and id = $2 and status = 'running'`, [orgId, id]);

export const markErased = (db: Db, orgId: string, id: string, at: string, counts: StoredCounts) =>
  db.one<ErasureRow>(
    `update erasure set status = 'erased', erased_at = $3, counts = $4 where org_id = $1 and id = $2
     returning ${columns}`,
    [orgId, id, at, JSON.stringify(counts)],
  );

export const markDone = (db: Db, orgId: string, id: string, receipt: string) =>
  db.exec(`update erasure set status = 'done', receipt = $3 where org_id = $1 and id = $2`, [orgId, id, receipt]);

export const findErasure = (db: Db, orgId: string, id: string) =>
  db.maybe<ErasureRow & { has_receipt: boolean }>(
    `select ${columns}, receipt is not null as has_receipt from erasure where org_id = $1 and id = $2`,
    [orgId, id],
  );

export const findReceipt = async (db: Db, orgId: string, id: string): Promise<string | null> =>
  (await db.maybe<{ receipt: string | null }>(`select receipt from erasure where org_id = $1 and id = $2`, [orgId, id]))
    ?.receipt ?? null;

/** Newest first; `before` is the id the page starts below. */
export const listErasures = (db: Db, orgId: string, before: string | null, limit: number) =>
  db.many<ErasureRow & { has_receipt: boolean }>(
    `select ${columns}, receipt is not null as has_receipt from erasure
     where org_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [orgId, before, limit],
  );

/** Takes up what a server that died has left unfinished. Above all organisations. */
export const takeAbandoned = (db: Db) =>
  db.many<ErasureRow>(
    `update erasure set touched_at = now() where (org_id, id) in (
       select org_id, id from erasure
       where status in ('running', 'erased') and touched_at < now() - interval '${abandonedSeconds} seconds'
       limit 20 for update skip locked)
     returning ${columns}`,
  );
