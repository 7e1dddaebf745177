import type { LegalHold } from '@rapport/protocol/privacy';
import type { Db } from '../../platform/db/db.ts';
import { columnsOf, subjectOf, type Subject, type SubjectColumns } from './schema.ts';

interface HoldRow extends SubjectColumns {
  id: string;
  name: string;
  reason: Buffer;
  placed_at: string;
  lifted_at: string | null;
  lift_reason: Buffer | null;
}

const columns = `h.id, h.client_id, h.session_id, coalesce(c.name, s.title) as name, h.reason, h.placed_at, h.lifted_at,
  h.lift_reason`;
const joined = `left join client c on c.org_id = h.org_id and c.id = h.client_id
  left join session s on s.org_id = h.org_id and s.id = h.session_id`;

const place = (orgId: string, rowId: string, column: 'reason' | 'lift_reason') => ({
  orgId,
  table: 'legal_hold',
  column,
  rowId,
});

/** A client's goes with the client's key. */
const sealedFor = ({ kind, id }: Subject) => (kind === 'client' ? { holder: id } : {});

const toHold = async (db: Db, orgId: string, row: HoldRow): Promise<LegalHold> => ({
  id: row.id,
  subject: subjectOf(row),
  name: row.name,
  reason: await db.codec.open(place(orgId, row.id, 'reason'), row.reason),
  placedAt: row.placed_at,
  liftedAt: row.lifted_at,
  liftReason: row.lift_reason && (await db.codec.open(place(orgId, row.id, 'lift_reason'), row.lift_reason)),
});

export async function insertHold(db: Db, orgId: string, id: string, subject: Subject, reason: string, by: string) {
  const sealed = await db.codec.seal(place(orgId, id, 'reason'), reason, sealedFor(subject));
  await db.exec(
    `insert into legal_hold (org_id, id, client_id, session_id, reason, placed_by) values ($1, $2, $3, $4, $5, $6)`,
    [orgId, id, ...columnsOf(subject), sealed, by],
  );
}

export async function findHold(db: Db, orgId: string, id: string): Promise<LegalHold | undefined> {
  const row = await db.maybe<HoldRow>(
    `select ${columns} from legal_hold h ${joined} where h.org_id = $1 and h.id = $2`,
    [orgId, id],
  );
  return row && toHold(db, orgId, row);
}

/** Those in force, oldest first. A lock on the subject keeps new ones out. */
export async function activeHolds(db: Db, orgId: string, subject: Subject): Promise<LegalHold[]> {
  const found = await db.many<HoldRow>(
    `select ${columns} from legal_hold h ${joined}
     where h.org_id = $1 and (h.client_id = $2 or h.session_id = $3) and h.lifted_at is null order by h.id`,
    [orgId, ...columnsOf(subject)],
  );
  return Promise.all(found.map((row) => toHold(db, orgId, row)));
}

/** False: it is lifted already. */
export async function liftHold(db: Db, orgId: string, hold: LegalHold, reason: string, by: string): Promise<boolean> {
  const sealed = await db.codec.seal(place(orgId, hold.id, 'lift_reason'), reason, sealedFor(hold.subject));
  const changed = await db.exec(
    `update legal_hold set lifted_at = now(), lifted_by = $3, lift_reason = $4
     where org_id = $1 and id = $2 and lifted_at is null`,
    [orgId, hold.id, by, sealed],
  );
  return changed === 1;
}

/** Newest first; `before` is the id the page starts below. */
export async function listHolds(
  db: Db,
  orgId: string,
  { all, viewer }: { all: boolean; viewer: string | null },
  before: string | null,
  limit: number,
) {
  const found = await db.many<HoldRow>(
    `select ${columns} from legal_hold h ${joined}
     where h.org_id = $1 and ($2 or h.lifted_at is null) and ($3::uuid is null or h.id < $3)
       and ($5::uuid is null or h.client_id in (select client_id from caseload_of($1, $5)))
     order by h.id desc limit $4`,
    [orgId, all, before, limit, viewer],
  );
  return Promise.all(found.map((row) => toHold(db, orgId, row)));
}

/** Everybody and every session that a hold in force keeps. */
export async function heldSubjects(db: Db, orgId: string): Promise<{ clients: string[]; sessions: string[] }> {
  const found = await db.many<SubjectColumns>(
    'select client_id, session_id from legal_hold where org_id = $1 and lifted_at is null',
    [orgId],
  );
  return {
    clients: found.flatMap((row) => row.client_id ?? []),
    sessions: found.flatMap((row) => row.session_id ?? []),
  };
}
