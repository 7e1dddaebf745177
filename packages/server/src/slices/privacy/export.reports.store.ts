import type { PersonReport } from '@rapport/protocol/person';
import { holdsGuess } from '@rapport/protocol/reports';
import type { Db } from '../../platform/db/db.ts';

type Body = Pick<PersonReport, 'title' | 'sections' | 'leftOut'>;
type Row = Omit<PersonReport, keyof Body> & { body: Buffer };

/** What the team reported about clients and their sessions, oldest first. */
export async function readReports(
  db: Db,
  orgId: string,
  clientIds: string[],
  sessionIds: string[],
  /** Sections with a guess at the tone included. */
  guesses: boolean,
): Promise<PersonReport[]> {
  const rows = await db.many<Row>(
    `select r.id, r.session_id as "sessionId", r.thread_id as "threadId", r.status, r.body, c.name as "createdBy", r.created_at as "createdAt",
       r.updated_at as "updatedAt", a.name as "approvedBy", r.approved_at as "approvedAt"
     from report r join app_user c on c.org_id = r.org_id and c.id = r.created_by
       left join app_user a on a.org_id = r.org_id and a.id = r.approved_by
     where r.org_id = $1 and (r.client_id = any($2::uuid[]) or r.session_id = any($3::uuid[])) order by r.id`,
    [orgId, clientIds, sessionIds],
  );
  return Promise.all(
    rows.map(async ({ body, ...row }) => {
      const opened = await db.codec.open({ orgId, table: 'report', column: 'body', rowId: row.id }, body);
      const { title, sections, leftOut } = JSON.parse(opened) as Body;
      return { ...row, title, sections: sections.filter((one) => guesses || !holdsGuess(one)), leftOut };
    }),
  );
}
