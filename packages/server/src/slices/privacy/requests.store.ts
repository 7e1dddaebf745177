import type { ErasureRequest } from '@rapport/protocol/privacy';
import type { Db } from '../../platform/db/db.ts';
import { columnsOf, subjectOf, type Subject, type SubjectColumns } from './schema.ts';

interface RequestRow extends SubjectColumns {
  id: string;
  name: string;
  status: ErasureRequest['status'];
  answer: Buffer | null;
  created_at: string;
  decided_at: string | null;
}

const columns = `r.id, r.client_id, r.session_id, coalesce(c.name, s.title) as name, r.status, r.answer, r.created_at,
  r.decided_at`;
const joined = `left join client c on c.org_id = r.org_id and c.id = r.client_id
  left join session s on s.org_id = r.org_id and s.id = r.session_id`;
const place = (orgId: string, rowId: string) => ({ orgId, table: 'erasure_request', column: 'answer', rowId });

const toRequest = async (db: Db, orgId: string, row: RequestRow): Promise<ErasureRequest> => ({
  id: row.id,
  subject: subjectOf(row),
  name: row.name,
  status: row.status,
  answer: row.answer && (await db.codec.open(place(orgId, row.id), row.answer)),
  createdAt: row.created_at,
  decidedAt: row.decided_at,
});

/** False: one is open already. */
export const insertRequest = async (db: Db, orgId: string, id: string, subject: Subject): Promise<boolean> =>
  (await db.exec(
    `insert into erasure_request (org_id, id, client_id, session_id) values ($1, $2, $3, $4)
     on conflict (org_id, coalesce(client_id, session_id)) where status = 'open' do nothing`,
    [orgId, id, ...columnsOf(subject)],
  )) === 1;

export async function newestRequest(db: Db, orgId: string, subject: Subject): Promise<ErasureRequest | undefined> {
  const row = await db.maybe<RequestRow>(
    `select ${columns} from erasure_request r ${joined}
     where r.org_id = $1 and (r.client_id = $2 or r.session_id = $3) order by r.id desc limit 1`,
    [orgId, ...columnsOf(subject)],
  );
  return row && toRequest(db, orgId, row);
}

export async function findRequest(db: Db, orgId: string, id: string): Promise<ErasureRequest | undefined> {
  const row = await db.maybe<RequestRow>(
    `select ${columns} from erasure_request r ${joined} where r.org_id = $1 and r.id = $2`,
    [orgId, id],
  );
  return row && toRequest(db, orgId, row);
}

export const withdrawRequest = (db: Db, orgId: string, subject: Subject) =>
  db.exec(
    `update erasure_request set status = 'withdrawn', decided_at = now()
     where org_id = $1 and (client_id = $2 or session_id = $3) and status = 'open'`,
    [orgId, ...columnsOf(subject)],
  );

/** False: it is decided already. */
export async function declineRequest(db: Db, orgId: string, request: ErasureRequest, answer: string, by: string) {
  const { kind, id } = request.subject;
  const sealed = await db.codec.seal(place(orgId, request.id), answer, kind === 'client' ? { holder: id } : {});
  const changed = await db.exec(
    `update erasure_request set status = 'declined', answer = $3, decided_at = now(), decided_by = $4
     where org_id = $1 and id = $2 and status = 'open'`,
    [orgId, request.id, sealed, by],
  );
  return changed === 1;
}

/** Newest first; `before` is the id the page starts below. */
export async function listRequests(
  db: Db,
  orgId: string,
  { all, viewer }: { all: boolean; viewer: string | null },
  before: string | null,
  limit: number,
) {
  const found = await db.many<RequestRow>(
    `select ${columns} from erasure_request r ${joined}
     where r.org_id = $1 and ($2 or r.status = 'open') and ($3::uuid is null or r.id < $3)
       and ($5::uuid is null or r.client_id in (select client_id from caseload_of($1, $5)))
     order by r.id desc limit $4`,
    [orgId, all, before, limit, viewer],
  );
  return Promise.all(found.map((row) => toRequest(db, orgId, row)));
}
