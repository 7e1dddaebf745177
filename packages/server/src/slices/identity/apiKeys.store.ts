import type { Db } from '../../platform/db/db.ts';
import type { ApiKeyRow, UserRow } from './schema.ts';
import { userColumns } from './store.ts';

const columns = `k.id, k.name, k.hint, k.user_id, u.name as user_name, k.scopes, k.expires_at, k.last_used_at, k.created_at`;

/** Newest first, without what was revoked; `userId` null: everybody's. `before` is the id the page starts below. */
export const listKeys = (db: Db, orgId: string, userId: string | null, before: string | null, limit: number) =>
  db.many<ApiKeyRow>(
    `select ${columns} from api_key k join app_user u on u.org_id = k.org_id and u.id = k.user_id
     where k.org_id = $1 and k.revoked_at is null and ($2::uuid is null or k.user_id = $2) and ($3::uuid is null or k.id < $3)
     order by k.id desc limit $4`,
    [orgId, userId, before, limit],
  );

export const findKey = (db: Db, orgId: string, id: string) =>
  db.maybe<ApiKeyRow>(
    `select ${columns} from api_key k join app_user u on u.org_id = k.org_id and u.id = k.user_id
     where k.org_id = $1 and k.id = $2 and k.revoked_at is null`,
    [orgId, id],
  );

export interface NewApiKey {
  id: string;
  userId: string;
  name: string;
  hint: string;
  tokenHash: Buffer;
  scopes: readonly string[];
  expiresInDays: number | null;
}

export const insertKey = (db: Db, orgId: string, key: NewApiKey) =>
  db.exec(
    `insert into api_key (org_id, id, user_id, name, hint, token_hash, scopes, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8))`,
    [orgId, key.id, key.userId, key.name, key.hint, key.tokenHash, key.scopes, key.expiresInDays],
  );

/** `userId` null: whoever's it is. */
export const revokeKey = (db: Db, orgId: string, id: string, userId: string | null) =>
  db.exec(
    `update api_key set revoked_at = now()
     where org_id = $1 and id = $2 and revoked_at is null and ($3::uuid is null or user_id = $3)`,
    [orgId, id, userId],
  );

export interface UsedKeyRow extends UserRow {
  key_id: string;
  scopes: string[];
  /** Not noted within the last minute. */
  unseen: boolean;
}

/** Whose key this is; the key is what tells the organisation. */
export const findUserByKey = (db: Db, tokenHash: Buffer) =>
  db.maybe<UsedKeyRow>(
    `select ${userColumns}, k.id as key_id, k.scopes,
       k.last_used_at is null or k.last_used_at < now() - interval '1 minute' as unseen
     from api_key k join app_user u on u.org_id = k.org_id and u.id = k.user_id and u.status = 'active'
     where k.token_hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())`,
    [tokenHash],
  );

export const markUsed = (db: Db, orgId: string, id: string) =>
  db.exec(`update api_key set last_used_at = now() where org_id = $1 and id = $2`, [orgId, id]);
