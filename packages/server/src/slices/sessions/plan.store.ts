import type { RatingPut, TimerPut } from '@rapport/protocol/plan';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { SessionRow } from './schema.ts';

const place = (orgId: string, rowId: string) => ({ orgId, table: 'session', column: 'rating', rowId });

export interface PlanRow {
  timer_minutes: number | null;
  timer_ends_at: string | null;
  timer_closes: boolean;
  rating: Buffer | null;
  facilitator_id: string;
  facilitator_name: string;
}

export const findPlan = (db: Db, orgId: string, id: string): Promise<PlanRow> =>
  db.one<PlanRow>(
    `select s.timer_minutes, s.timer_ends_at, s.timer_closes, s.rating, u.id as facilitator_id, u.name as facilitator_name
     from session s join app_user u on u.org_id = s.org_id and u.id = coalesce(s.facilitator_id, s.created_by)
     where s.org_id = $1 and s.id = $2`,
    [orgId, id],
  );

/** Returns when it ends; null: no end is planned. */
export const setTimer = async (tx: Tx, orgId: string, id: string, { minutes, closes }: TimerPut) =>
  (
    await tx.one<{ at: string | null }>(
      `update session set timer_minutes = $3, timer_ends_at = now() + make_interval(mins => $3), timer_closes = $4,
         timer_told = $3::int is null
       where org_id = $1 and id = $2 returning timer_ends_at as at`,
      [orgId, id, minutes, closes && minutes !== null],
    )
  ).at;

/** Above all organisations: whose planned time is over, for whichever server comes first. */
export const dueTimers = (db: Db, limit: number): Promise<{ orgId: string; id: string }[]> =>
  db.many(
    `select org_id as "orgId", id from session 
     where (not timer_told or timer_closes) and timer_ends_at <= now() and (not timer_told or status <> 'ended')
     order by timer_ends_at limit $1`,
    [limit],
  );

/** For the one server that tells of it. `told`: it was told by a server that stopped before it ended the session. */
export async function takeDue(tx: Tx, orgId: string, id: string) {
  const row = await tx.maybe<{ roomId: string; closes: boolean; ended: boolean; told: boolean }>(
    `select room_id as "roomId", timer_closes as closes, status = 'ended' as ended, timer_told as told
     from session where org_id = $1 and id = $2 and timer_ends_at <= now() for update`,
    [orgId, id],
  );
  if (row) await tx.exec(`update session set timer_told = true where org_id = $1 and id = $2`, [orgId, id]);
  return row;
}

export const setGoals = (tx: Tx, orgId: string, id: string, goalIds: string[]): Promise<number> =>
  tx.exec(`update session set goal_ids = $3 where org_id = $1 and id = $2`, [orgId, id, goalIds]);

export const setThread = (tx: Tx, orgId: string, id: string, threadId: string | null): Promise<number> =>
  tx.exec(`update session set thread_id = $3 where org_id = $1 and id = $2`, [orgId, id, threadId]);

export const openRating = async (db: Db, orgId: string, id: string, rating: Buffer | null): Promise<RatingPut | null> =>
  rating && (JSON.parse(await db.codec.open(place(orgId, id), rating)) as RatingPut);

export const setRating = async (tx: Tx, orgId: string, row: SessionRow, rating: RatingPut): Promise<number> =>
  tx.exec(`update session set rating = $3 where org_id = $1 and id = $2`, [
    orgId,
    row.id,
    await tx.codec.seal(place(orgId, row.id), JSON.stringify(rating), { room: row.room_id }),
  ]);

/** Whoever writes in it now writes no more: the next one does. */
export const setFacilitator = (tx: Tx, orgId: string, id: string, userId: string): Promise<number> =>
  tx.exec(
    `update session set facilitator_id = $3, taken_over_by = case when taken_over_by is not null then $3::uuid end
     where org_id = $1 and id = $2`,
    [orgId, id, userId],
  );

/** Whether somebody looks after a client. */
export const looksAfter = async (db: Db, orgId: string, userId: string, clientId: string | null): Promise<boolean> =>
  (await db.maybe(`select 1 from caseload_of($1, $2) c where c.client_id = $3 limit 1`, [orgId, userId, clientId])) !==
  undefined;

export const addressesOf = async (db: Db, orgId: string, ids: string[]): Promise<string[]> =>
  (
    await db.many<{ email: string }>(
      `select email from app_user where org_id = $1 and id = any($2::uuid[]) and status = 'active' and email is not null`,
      [orgId, ids],
    )
  ).map(({ email }) => email);
