import type { Db } from '../db/db.ts';

/** Which request of whom; `owner` is this attempt at it. */
export interface Claim {
  orgId: string;
  actor: string;
  route: string;
  key: string;
  hash: Buffer;
  owner: string;
}

export interface Known {
  hash: Buffer;
  /** null: it runs. */
  status: number | null;
  /** Sealed. */
  answer: Buffer | null;
}

const leaseSeconds = 60;
const keptHours = 24;

const placeOf = ({ orgId, actor, route, key }: Claim) => ({
  orgId,
  table: 'idempotency',
  column: 'answer',
  rowId: `${actor} ${route} ${key}`,
});

/** True: the request is this attempt's to carry out. One whose server died is carried out again by who repeats it. */
export const claim = async (db: Db, c: Claim): Promise<boolean> =>
  (await db.exec(
    `insert into idempotency as i (org_id, actor, route, key, request_hash, owner, lease_until)
     values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => ${leaseSeconds}))
     on conflict (org_id, actor, route, key) do update
       set request_hash = excluded.request_hash, owner = excluded.owner, lease_until = excluded.lease_until,
         status = null, answer = null, created_at = now()
       where i.created_at < now() - interval '${keptHours} hours'
         or (i.status is null and i.lease_until < now() and i.request_hash = excluded.request_hash)`,
    [c.orgId, c.actor, c.route, c.key, c.hash, c.owner],
  )) === 1;

export async function find(db: Db, c: Claim): Promise<Known | undefined> {
  const row = await db.maybe<{ request_hash: Buffer; status: number | null; answer: Buffer | null }>(
    `select request_hash, status, answer from idempotency
     where org_id = $1 and actor = $2 and route = $3 and key = $4`,
    [c.orgId, c.actor, c.route, c.key],
  );
  if (!row) return undefined;
  return { hash: row.request_hash, status: row.status, answer: row.answer };
}

export const renew = (db: Db, c: Claim) =>
  db.exec(
    `update idempotency set lease_until = now() + make_interval(secs => ${leaseSeconds})
     where org_id = $1 and actor = $2 and route = $3 and key = $4 and owner = $5 and status is null`,
    [c.orgId, c.actor, c.route, c.key, c.owner],
  );

export const answerOf = (db: Db, c: Claim, sealed: Buffer) => db.codec.open(placeOf(c), sealed);

export const finish = async (db: Db, c: Claim, status: number, answer: string) =>
  db.exec(
    `update idempotency set status = $6, answer = $7
     where org_id = $1 and actor = $2 and route = $3 and key = $4 and owner = $5 and status is null`,
    [c.orgId, c.actor, c.route, c.key, c.owner, status, await db.codec.seal(placeOf(c), answer)],
  );

export const release = (db: Db, c: Claim) =>
  db.exec(
    `delete from idempotency
     where org_id = $1 and actor = $2 and route = $3 and key = $4 and owner = $5 and status is null`,
    [c.orgId, c.actor, c.route, c.key, c.owner],
  );

export const removeExpired = (db: Db) =>
  db.exec(`delete from idempotency where created_at < now() - interval '${keptHours} hours'`);
