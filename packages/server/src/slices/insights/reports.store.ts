import { holdsGuess, ReportSection } from '@rapport/protocol/reports';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { SealedFor } from '../../platform/keys/codec.ts';
import type { Subject } from './ai.store.ts';
import type { Resting } from './resting.ts';

/** What is sealed of a report, as one. */
export interface ReportBody {
  title: string;
  sections: ReportSection[];
  leftOut: number;
  /** Which of its words rest on which session, where it is about several. Absent in what was stored before. */
  resting?: Resting[];
}

export interface ReportRow {
  id: string;
  session_id: string | null;
  client_id: string | null;
  thread_id: string | null;
  body: Buffer;
  status: 'draft' | 'approved';
  revision: number;
  created_by: string;
  created_name: string;
  created_at: string;
  updated_at: string;
  approved_by: string | null;
  approved_name: string | null;
  approved_at: string | null;
}

const columns = `r.id, r.session_id, r.client_id, r.thread_id, r.body, r.status, r.revision, r.created_by, c.name as created_name,
  r.created_at, r.updated_at, r.approved_by, a.name as approved_name, r.approved_at`;
const tables = `report r join app_user c on c.org_id = r.org_id and c.id = r.created_by
  left join app_user a on a.org_id = r.org_id and a.id = r.approved_by`;

const place = (orgId: string, rowId: string) => ({ orgId, table: 'report', column: 'body', rowId });

const seal = (db: Db, orgId: string, id: string, body: ReportBody, sealedFor: SealedFor): Promise<Buffer> =>
  db.codec.seal(place(orgId, id), JSON.stringify(body), sealedFor);

/** What was stored before sections had places has none. */
export async function openBody(db: Db, orgId: string, row: Pick<ReportRow, 'id' | 'body'>): Promise<ReportBody> {
  const body = JSON.parse(await db.codec.open(place(orgId, row.id), row.body)) as ReportBody;
  const sections = ReportSection.array().parse(body.sections);
  return { ...body, sections: sections.map((one) => ({ ...one, tone: holdsGuess(one) })) };
}

interface NewReport extends Subject {
  id: string;
  createdBy: string;
  body: ReportBody;
}

export const insertReport = async (tx: Tx, orgId: string, report: NewReport, sealedFor: SealedFor): Promise<number> =>
  tx.exec(
    `insert into report (org_id, id, session_id, client_id, thread_id, created_by, body)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      orgId,
      report.id,
      report.sessionId,
      report.clientId,
      report.threadId,
      report.createdBy,
      await seal(tx, orgId, report.id, report.body, sealedFor),
    ],
  );

export const findReport = (db: Db, orgId: string, id: string): Promise<ReportRow | undefined> =>
  db.maybe<ReportRow>(`select ${columns} from ${tables} where r.org_id = $1 and r.id = $2`, [orgId, id]);

/** Newest first. */
export const listReports = (
  db: Db,
  orgId: string,
  { sessionId, clientId, threadId }: Subject,
  before: string | null,
  limit: number,
): Promise<ReportRow[]> =>
  db.many<ReportRow>(
    `select ${columns} from ${tables}
     where r.org_id = $1 and (r.session_id = $2 or r.client_id = $3) and r.thread_id is not distinct from $4
       and ($5::uuid is null or r.id < $5)
     order by r.id desc limit $6`,
    [orgId, sessionId, clientId, threadId, before, limit],
  );

/** 0: somebody else changed or approved it since `revision`. */
export const updateReport = async (
  tx: Tx,
  orgId: string,
  { id, revision, body }: { id: string; revision: number; body: ReportBody },
  sealedFor: SealedFor,
): Promise<number> =>
  tx.exec(
    `update report set body = $4, revision = revision + 1, updated_at = now()
     where org_id = $1 and id = $2 and revision = $3 and status = 'draft'`,
    [orgId, id, revision, await seal(tx, orgId, id, body, sealedFor)],
  );

/** 0: somebody else changed or approved it since `revision`. */
export const approveReport = (tx: Tx, orgId: string, id: string, revision: number, userId: string): Promise<number> =>
  tx.exec(
    `update report set status = 'approved', approved_by = $4, approved_at = now(), revision = revision + 1
     where org_id = $1 and id = $2 and revision = $3 and status = 'draft'`,
    [orgId, id, revision, userId],
  );

export const deleteReport = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec(`delete from report where org_id = $1 and id = $2 and status = 'draft'`, [orgId, id]);

/** Which of these sessions are gone; nobody deletes one of the others until the commit. */
export async function goneOf(tx: Tx, orgId: string, sessionIds: string[]): Promise<string[]> {
  const there = await tx.many<{ id: string }>(
    'select id from session where org_id = $1 and id = any($2::uuid[]) order by id for key share',
    [orgId, sessionIds],
  );
  const known = new Set(there.map(({ id }) => id));
  return sessionIds.filter((id) => !known.has(id));
}

/** Those that may quote one of these sessions: they are about its client, or a thread of theirs. */
export const lockReportsOver = (tx: Tx, orgId: string, sessionIds: string[]) =>
  tx.many<{ id: string; clientId: string; body: Buffer }>(
    `select id, client_id as "clientId", body from report
     where org_id = $1 and client_id in (select client_id from session where org_id = $1 and id = any($2::uuid[]))
     order by id for update`,
    [orgId, sessionIds],
  );

/** Also of an approved one. Who has it open must load it again before they change it. */
export const rewriteReport = async (
  tx: Tx,
  orgId: string,
  { id, clientId, body }: { id: string; clientId: string; body: ReportBody },
): Promise<number> =>
  tx.exec(`update report set body = $3, revision = revision + 1, updated_at = now() where org_id = $1 and id = $2`, [
    orgId,
    id,
    await seal(tx, orgId, id, body, { holder: clientId }),
  ]);
