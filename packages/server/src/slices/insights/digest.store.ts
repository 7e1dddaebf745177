import type { Db } from '../../platform/db/db.ts';
import type { SessionDigest } from './digest.ts';

/** Changes with what a digest holds and how it is counted: older ones are made anew. */
const version = 3;

const place = (orgId: string, rowId: string) => ({ orgId, table: 'session_digest', column: 'body', rowId });

/** How far the log of a session goes, and its digest where that goes as far. */
export interface KnownDigest {
  sessionId: string;
  headSeq: number;
  digest: SessionDigest | null;
}

export async function readDigests(db: Db, orgId: string, sessionIds: string[]): Promise<KnownDigest[]> {
  const rows = await db.many<{ sessionId: string; headSeq: number; body: Buffer | null }>(
    `select s.id as "sessionId", r.seq as "headSeq", d.body
     from session s
     join room r on r.org_id = s.org_id and r.id = s.room_id
     left join session_digest d on d.org_id = s.org_id and d.session_id = s.id and d.version = $3 and d.through_seq = r.seq
     where s.org_id = $1 and s.id = any($2::uuid[])`,
    [orgId, sessionIds, version],
  );
  return Promise.all(
    rows.map(async ({ sessionId, headSeq, body }) => ({
      sessionId,
      headSeq,
      digest: body && (JSON.parse(await db.codec.open(place(orgId, sessionId), body)) as SessionDigest),
    })),
  );
}

/** Nothing where the session is gone by now. */
export const keepDigest = async (
  db: Db,
  orgId: string,
  of: { sessionId: string; roomId: string; headSeq: number; digest: SessionDigest },
): Promise<number> =>
  db.exec(
    `insert into session_digest (org_id, session_id, version, through_seq, body)
     select $1, s.id, $3, $4, $5 from session s where s.org_id = $1 and s.id = $2
     on conflict (org_id, session_id) do update
       set version = excluded.version, through_seq = excluded.through_seq, body = excluded.body`,
    [
      orgId,
      of.sessionId,
      version,
      of.headSeq,
      await db.codec.seal(place(orgId, of.sessionId), JSON.stringify(of.digest), { room: of.roomId }),
    ],
  );
