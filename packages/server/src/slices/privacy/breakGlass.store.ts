import type { Db } from '../../platform/db/db.ts';

export interface GrantRow {
  id: string;
  user_id: string;
  user_name: string;
  client_id: string;
  client_name: string;
  reason: Buffer;
  created_at: string;
  expires_at: string;
  ended_at: string | null;
  active: boolean;
}

const place = (orgId: string, rowId: string) => ({ orgId, table: 'break_glass', column: 'reason', rowId });

const grants = `b.id, b.user_id, u.name as user_name, b.client_id, c.name as client_name, b.reason, b.created_at,
    b.expires_at, b.ended_at, b.ended_at is null and b.expires_at > now() as active
  from break_glass b
  join app_user u on u.org_id = b.org_id and u.id = b.user_id
  join client c on c.org_id = b.org_id and c.id = b.client_id`;

/** False where there is no such client. */
export const insertGrant = async (
  db: Db,
  orgId: string,
  grant: { id: string; userId: string; clientId: string; reason: Buffer; minutes: number },
): Promise<boolean> =>
  (await db.exec(
    `insert into break_glass (org_id, id, user_id, client_id, reason, expires_at)
     select $1, $2, $3, c.id, $5, now() + make_interval(mins => $6) from client c where c.org_id = $1 and c.id = $4`,
    [orgId, grant.id, grant.userId, grant.clientId, grant.reason, grant.minutes],
  )) === 1;

export const clientExists = async (db: Db, orgId: string, clientId: string): Promise<boolean> =>
  (await db.maybe('select id from client where org_id = $1 and id = $2', [orgId, clientId])) !== undefined;

/** By the whole name, upper and lower case alike; newest first. */
export const findByName = (db: Db, orgId: string, name: string) =>
  db.many<{ id: string; name: string; created_at: string }>(
    'select id, name, created_at from client where org_id = $1 and lower(name) = lower($2) order by id desc limit 20',
    [orgId, name],
  );

/** Sealed under the client's key: it goes with them. */
export const sealReason = (db: Db, orgId: string, id: string, clientId: string, reason: string) =>
  db.codec.seal(place(orgId, id), reason, { holder: clientId });

export const openReason = (db: Db, orgId: string, row: GrantRow) => db.codec.open(place(orgId, row.id), row.reason);

export const findGrant = (db: Db, orgId: string, id: string) =>
  db.maybe<GrantRow>(`select ${grants} where b.org_id = $1 and b.id = $2`, [orgId, id]);

/** Newest first. `userId` null: everybody's. */
export const listGrants = (
  db: Db,
  orgId: string,
  query: { userId: string | null; active: boolean },
  before: string | null,
  limit: number,
) =>
  db.many<GrantRow>(
    `select ${grants}
     where b.org_id = $1 and ($2::uuid is null or b.user_id = $2) and ($3::uuid is null or b.id < $3)
       and (not $4 or (b.ended_at is null and b.expires_at > now()))
     order by b.id desc limit $5`,
    [orgId, query.userId, before, query.active, limit],
  );

/** The number of open grants ended. */
export const endGrant = (db: Db, orgId: string, id: string, by: string) =>
  db.exec(
    `update break_glass set ended_at = now(), ended_by = $3
     where org_id = $1 and id = $2 and ended_at is null and expires_at > now()`,
    [orgId, id, by],
  );
