import { createHash } from 'node:crypto';
import type { Statements } from '../../platform/db/statements.ts';
import type { Subject } from './schema.ts';

/** That somebody was erased, in ids alone. `hash` covers everything before it, `prev` included. */
export interface LedgerEntry {
  org: string;
  seq: number;
  erasure: string;
  kind: Subject['kind'];
  subject: string;
  at: string;
  prev: string;
  hash: string;
}

export const ledgerHash = ({ org, seq, erasure, kind, subject, at, prev }: Omit<LedgerEntry, 'hash'>): string =>
  createHash('sha256')
    .update(JSON.stringify([org, seq, erasure, kind, subject, at, prev]))
    .digest('hex');

type NewEntry = Pick<LedgerEntry, 'org' | 'erasure' | 'kind' | 'subject' | 'at'>;

/** Adds an entry after the last one of its organisation, whose row is locked so that two come one after the other. */
export async function appendEntry(db: Statements, entry: NewEntry): Promise<LedgerEntry> {
  const { org, erasure, kind, subject, at } = entry;
  await db.one(`select id from org where id = $1 for no key update`, [org]);
  const last = await db.maybe<{ seq: number; hash: string }>(
    `select seq, hash from deletion_ledger where org_id = $1 order by seq desc limit 1`,
    [org],
  );
  const whole = { org, seq: (last?.seq ?? 0) + 1, erasure, kind, subject, at, prev: last?.hash ?? '' };
  const hash = ledgerHash(whole);
  await db.exec(
    `insert into deletion_ledger (org_id, seq, erasure_id, subject_kind, subject_id, at, hash)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [org, whole.seq, erasure, kind, subject, at, hash],
  );
  return { ...whole, hash };
}

/** Of all organisations, oldest first: what the file beside the database is compared with. */
export const listEntries = (db: Statements): Promise<LedgerEntry[]> =>
  db.many<LedgerEntry>(
    `select org_id as org, seq, erasure_id as erasure, subject_kind as kind, subject_id as subject, at,
       coalesce(lag(hash) over (partition by org_id order by seq), '') as prev, hash
     from deletion_ledger order by org_id, seq`,
  );

export const orgExists = async (db: Statements, id: string): Promise<boolean> =>
  (await db.maybe(`select 1 from org where id = $1`, [id])) !== undefined;
