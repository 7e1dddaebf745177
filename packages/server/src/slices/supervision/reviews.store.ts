import type { ReviewReason, Rung } from '@rapport/protocol/supervision';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { ReviewBody, ReviewRow } from './schema.ts';

/** Long enough to read a draft; an edit or a look renews it. */
const claimSeconds = 120;

const place = (orgId: string, rowId: string) => ({ orgId, table: 'review', column: 'body', rowId });

export const openBody = async (db: Db, orgId: string, row: ReviewRow): Promise<ReviewBody> =>
  JSON.parse(await db.codec.open(place(orgId, row.id), row.body)) as ReviewBody;

const sealBody = (db: Db, orgId: string, review: { id: string; roomId: string }, body: ReviewBody): Promise<Buffer> =>
  db.codec.seal(place(orgId, review.id), JSON.stringify(body), { room: review.roomId });

const columns = `r.id, r.session_id, s.room_id, r.rung, r.state, r.risk, r.body, r.revision, r.opened_at, r.waiting_since,
  r.due_at, r.pages, r.overdue, r.claimed_by, r.claimed_until, c.name as claimed_name, r.decided_by,
  d.name as decided_name, r.decided_at, r.reasons, r.edit_distance, g.engine, g.reply_to, g.replaces, s.title,
  s.persona_id, s.persona_name, s.client_id, s.created_by, s.client_name, s.alias`;

const joined = `from review r
  join session s on s.org_id = r.org_id and s.id = r.session_id
  join generation g on g.org_id = r.org_id and g.id = r.id
  left join app_user c on c.org_id = r.org_id and c.id = r.claimed_by
  left join app_user d on d.org_id = r.org_id and d.id = r.decided_by`;

/** `$2` is the viewer of `viewerOf`; null sees every review. */
const seen = `($2::uuid is null or s.client_id in (select c.client_id from caseload_of($1, $2) c)
  or (s.client_id is null and s.created_by = $2))`;

export const findReview = (db: Db, orgId: string, viewer: string | null, id: string): Promise<ReviewRow | undefined> =>
  db.maybe<ReviewRow>(`select ${columns} ${joined} where r.org_id = $1 and ${seen} and r.id = $3`, [orgId, viewer, id]);

/** In the order of every change of a conversation: the session first, then the review. Undefined where the viewer may not see it. */
export async function lockReview(
  tx: Tx,
  orgId: string,
  viewer: string | null,
  id: string,
): Promise<ReviewRow | undefined> {
  const session = await tx.maybe(
    `select s.id from session s
     where s.org_id = $1 and ${seen} and s.id = (select session_id from review where org_id = $1 and id = $3)
     for update`,
    [orgId, viewer, id],
  );
  if (!session) return undefined;
  return tx.maybe<ReviewRow>(`select ${columns} ${joined} where r.org_id = $1 and r.id = $2 for update of r`, [
    orgId,
    id,
  ]);
}

/** Risk first, then age, which is what ids are ordered by. `after` is the last row of the page before. */
export const listOpen = (
  db: Db,
  orgId: string,
  viewer: string | null,
  sessionId: string | null,
  after: string[] | null,
  limit: number,
): Promise<ReviewRow[]> =>
  db.many<ReviewRow>(
    `select ${columns} ${joined} where r.org_id = $1 and ${seen} and r.state in ('drafting', 'waiting')
       and ($3::uuid is null or r.session_id = $3)
       and ($4::int is null or (-r.risk, r.id) > ($4, $5::uuid))
     order by r.risk desc, r.id limit $6`,
    [orgId, viewer, sessionId, after?.[0] ?? null, after?.[1] ?? null, limit],
  );

/** Newest first. */
export const listDecided = (
  db: Db,
  orgId: string,
  viewer: string | null,
  sessionId: string | null,
  before: string | null,
  limit: number,
): Promise<ReviewRow[]> =>
  db.many<ReviewRow>(
    `select ${columns} ${joined} where r.org_id = $1 and ${seen} and r.state in ('released', 'rejected', 'discarded')
       and ($3::uuid is null or r.session_id = $3) and ($4::uuid is null or r.id < $4)
     order by r.id desc limit $5`,
    [orgId, viewer, sessionId, before, limit],
  );

/** The one review of a session that waits for its persona or for a person. */
export const openReviewOf = async (db: Db, orgId: string, sessionId: string): Promise<string | null> =>
  (
    await db.maybe<{ id: string }>(
      `select id from review where org_id = $1 and session_id = $2 and state in ('drafting', 'waiting')`,
      [orgId, sessionId],
    )
  )?.id ?? null;

export const insertReview = async (
  tx: Tx,
  orgId: string,
  review: { id: string; sessionId: string; roomId: string; rung: Rung; risk: number; released: string },
): Promise<number> =>
  tx.exec(
    `insert into review (org_id, id, session_id, rung, state, risk, body) values ($1, $2, $3, $4, 'drafting', $5, $6)`,
    [
      orgId,
      review.id,
      review.sessionId,
      review.rung,
      review.risk,
      await sealBody(tx, orgId, review, {
        draft: null,
        edited: null,
        editedFrom: 0,
        released: review.released,
        citations: [],
        note: '',
      }),
    ],
  );

/** What a person or the end of the draft changes of the words. */
export const saveBody = async (tx: Tx, orgId: string, row: ReviewRow, body: ReviewBody): Promise<number> =>
  tx.exec(`update review set body = $3, revision = revision + 1 where org_id = $1 and id = $2`, [
    orgId,
    row.id,
    await sealBody(tx, orgId, { id: row.id, roomId: row.room_id }, body),
  ]);

/** The persona has come to its end: from now on the draft waits for a decision, or for its time. */
export const setWaiting = (
  tx: Tx,
  orgId: string,
  id: string,
  draft: { rung: Rung; risk: number; dueInSeconds: number },
): Promise<number> =>
  tx.exec(
    `update review set state = 'waiting', waiting_since = now(), due_at = now() + make_interval(secs => $3), rung = $4,
       risk = greatest(risk, $5)
     where org_id = $1 and id = $2`,
    [orgId, id, draft.dueInSeconds, draft.rung, draft.risk],
  );

export const setRung = (tx: Tx, orgId: string, id: string, rung: Rung, dueInSeconds: number): Promise<number> =>
  tx.exec(`update review set rung = $3, due_at = now() + make_interval(secs => $4) where org_id = $1 and id = $2`, [
    orgId,
    id,
    rung,
    dueInSeconds,
  ]);

export const setClaim = (tx: Tx, orgId: string, id: string, userId: string | null): Promise<number> =>
  tx.exec(
    `update review set claimed_by = $3,
       claimed_until = case when $3::uuid is null then null else now() + make_interval(secs => ${claimSeconds}) end
     where org_id = $1 and id = $2`,
    [orgId, id, userId],
  );

export const setDecided = (
  tx: Tx,
  orgId: string,
  id: string,
  decision: {
    state: 'released' | 'rejected' | 'discarded';
    by: string | null;
    reasons: readonly ReviewReason[];
    editDistance: number | null;
  },
): Promise<number> =>
  tx.exec(
    `update review set state = $3, decided_by = $4, decided_at = now(), reasons = $5, edit_distance = $6, claimed_by = null,
       claimed_until = null, due_at = null
     where org_id = $1 and id = $2 and state in ('drafting', 'waiting')`,
    [orgId, id, decision.state, decision.by, decision.reasons, decision.editDistance],
  );

export interface DueReview {
  orgId: string;
  id: string;
  rung: Rung;
}

/** What has come to its time; whoever locks one deals with it, others pass it over. */
export const dueReviews = (db: Db, limit: number): Promise<DueReview[]> =>
  db.many<DueReview>(
    `select org_id as "orgId", id, rung from review where state = 'waiting' and due_at <= now() order by due_at limit $1`,
    [limit],
  );

/** False: another server was first, or it was decided on meanwhile. */
export const takeDue = async (tx: Tx, orgId: string, id: string): Promise<boolean> =>
  (await tx.maybe(
    `select 1 from review where org_id = $1 and id = $2 and state = 'waiting' and due_at <= now() for update skip locked`,
    [orgId, id],
  )) !== undefined;

/** The next letter about a draft that nobody decides on; without a time, none follows. */
export const setPaged = (tx: Tx, orgId: string, id: string, nextInSeconds: number | null): Promise<number> =>
  tx.exec(
    `update review set overdue = true, pages = pages + 1,
       due_at = case when $3::int is null then null else now() + make_interval(secs => $3::int) end
     where org_id = $1 and id = $2`,
    [orgId, id, nextInSeconds],
  );

/** Somebody rejected this reply and wants the persona to try once more. */
export const setAgain = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec(`update review set again = true where org_id = $1 and id = $2`, [orgId, id]);

export const wantsAgain = async (db: Db, orgId: string, id: string): Promise<boolean> =>
  (await db.maybe(`select 1 from review where org_id = $1 and id = $2 and again`, [orgId, id])) !== undefined;

/** While a session is paused nothing reaches the client. */
export const isPaused = async (db: Db, orgId: string, sessionId: string): Promise<boolean> =>
  (await db.maybe(`select 1 from session where org_id = $1 and id = $2 and status = 'paused'`, [orgId, sessionId])) !==
  undefined;

/** A colleague who may be given a draft. */
export const isActiveMember = async (db: Db, orgId: string, userId: string): Promise<boolean> =>
  (await db.maybe(`select 1 from app_user where org_id = $1 and id = $2 and status = 'active'`, [orgId, userId])) !==
  undefined;
