import type { Db } from '../db/db.ts';
import type { AuditActor, ChainedEntry } from './chain.ts';

// Any fixed number: the first half of the lock under which an organisation's log grows.
const lockSpace = 7_204_312;

export interface Head {
  seq: number;
  hash: Buffer;
}

interface EntryRow {
  seq: number;
  at: string;
  actor_kind: AuditActor['kind'];
  actor_id: string | null;
  actor_key: string | null;
  act: string;
  subject_kinds: string[];
  subject_ids: string[];
  outcome: string;
  prev: Buffer;
  hash: Buffer;
}

const toEntry = (row: EntryRow): ChainedEntry => ({
  seq: row.seq,
  at: row.at,
  actor: { kind: row.actor_kind, id: row.actor_id, key: row.actor_key },
  act: row.act,
  subjects: row.subject_kinds.map((kind, i) => ({ kind, id: row.subject_ids[i] ?? '' })),
  outcome: row.outcome,
  prev: row.prev,
  hash: row.hash,
});

const columns = 'seq, at, actor_kind, actor_id, actor_key, act, subject_kinds, subject_ids, outcome, prev, hash';

/** Held until the end of the transaction: nobody else appends to this organisation's log or signs it. */
export const lockLog = (db: Db, orgId: string) =>
  db.exec(`select pg_advisory_xact_lock(${lockSpace}, hashtext($1))`, [orgId]);

export const findHead = (db: Db, orgId: string) =>
  db.maybe<Head>('select seq, hash from audit_entry where org_id = $1 order by seq desc limit 1', [orgId]);

export const insertEntries = (db: Db, orgId: string, entries: readonly ChainedEntry[]) =>
  db.exec(
    `insert into audit_entry (org_id, ${columns})
     select $1, ${columns} from jsonb_to_recordset($2) as x(seq bigint, at timestamptz, actor_kind text, actor_id uuid,
       actor_key uuid, act text, subject_kinds text[], subject_ids uuid[], outcome text, prev bytea, hash bytea)`,
    [
      orgId,
      JSON.stringify(
        entries.map((e) => ({
          seq: e.seq,
          at: e.at,
          actor_kind: e.actor.kind,
          actor_id: e.actor.id,
          actor_key: e.actor.key,
          act: e.act,
          subject_kinds: e.subjects.map(({ kind }) => kind),
          subject_ids: e.subjects.map(({ id }) => id),
          outcome: e.outcome,
          prev: `\\x${e.prev.toString('hex')}`,
          hash: `\\x${e.hash.toString('hex')}`,
        })),
      ),
    ],
  );

/** In order, after `after`. */
export const readEntries = async (db: Db, orgId: string, after: number, limit: number): Promise<ChainedEntry[]> =>
  (
    await db.many<EntryRow>(`select ${columns} from audit_entry where org_id = $1 and seq > $2 order by seq limit $3`, [
      orgId,
      after,
      limit,
    ])
  ).map(toEntry);

export interface EntryFilter {
  act?: string | undefined;
  actorId?: string | undefined;
  subjectId?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** Newest first, below `before`. */
export const searchEntries = async (
  db: Db,
  orgId: string,
  f: EntryFilter,
  before: number | null,
  limit: number,
): Promise<ChainedEntry[]> =>
  (
    await db.many<EntryRow>(
      `select ${columns} from audit_entry
       where org_id = $1 and ($2::bigint is null or seq < $2)
         and ($3::text is null or act = $3)
         and ($4::uuid is null or actor_id = $4)
         and ($5::uuid is null or subject_ids @> array[$5::uuid])
         and ($6::timestamptz is null or at >= $6)
         and ($7::timestamptz is null or at < $7)
       order by seq desc limit $8`,
      [orgId, before, f.act ?? null, f.actorId ?? null, f.subjectId ?? null, f.from ?? null, f.to ?? null, limit],
    )
  ).map(toEntry);

/** Above all organisations. */
export const orgsWithEntries = async (db: Db): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      'select o.id from org o where exists (select 1 from audit_entry e where e.org_id = o.id) order by o.created_at, o.id',
    )
  ).map(({ id }) => id);
