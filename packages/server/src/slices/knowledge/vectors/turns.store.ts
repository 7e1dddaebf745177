import type { Db } from '../../../platform/db/db.ts';

/** What vectors are made of. */
export type WorkName = 'passages' | 'memories';

/** One server at a time makes the vectors of one kind in an organisation. False: another does, or it is not yet time to try again. */
export const takeTurn = async (
  db: Db,
  orgId: string,
  work: WorkName,
  owner: string,
  leaseSeconds: number,
): Promise<boolean> =>
  (await db.exec(
    `insert into embedding_turn as t (org_id, work, owner, lease_until)
     values ($1, $2, $3, now() + make_interval(secs => $4))
     on conflict (org_id, work) do update set owner = excluded.owner, lease_until = excluded.lease_until
     where (t.owner = $3 or t.lease_until is null or t.lease_until < now()) and (t.retry_at is null or t.retry_at <= now())`,
    [orgId, work, owner, leaseSeconds],
  )) === 1;

export const endTurn = (db: Db, orgId: string, work: WorkName, owner: string): Promise<number> =>
  db.exec('update embedding_turn set lease_until = null where org_id = $1 and work = $2 and owner = $3', [
    orgId,
    work,
    owner,
  ]);

export const turnWorked = (db: Db, orgId: string, work: WorkName): Promise<number> =>
  db.exec(
    `update embedding_turn set failures = 0, failure = null, retry_at = null
     where org_id = $1 and work = $2 and failure is not null`,
    [orgId, work],
  );

/** Tried again after a second, then after twice as long each time, at most after five minutes. */
export const turnFailed = (db: Db, orgId: string, work: WorkName, failure: string): Promise<number> =>
  db.exec(
    `update embedding_turn set failures = failures + 1, failure = $3, lease_until = null,
       retry_at = now() + make_interval(secs => least(300, power(2, least(failures, 10)))) where org_id = $1 and work = $2`,
    [orgId, work, failure],
  );

/** Nothing failed: it is tried at the next look, by which more may be allowed. */
export const turnWaits = (db: Db, orgId: string, work: WorkName, reason: string): Promise<number> =>
  db.exec(`update embedding_turn set failure = $3, lease_until = null where org_id = $1 and work = $2`, [
    orgId,
    work,
    reason,
  ]);

export const findTurn = (db: Db, orgId: string, work: WorkName) =>
  db.maybe<{ failures: number; failure: string | null }>(
    'select failures, failure from embedding_turn where org_id = $1 and work = $2',
    [orgId, work],
  );
