import type { Db, Tx } from '../../platform/db/db.ts';
import type { DirectoryGroupRow, DirectoryUserRow } from './schema.ts';

// Somebody whom no directory named yet is known to it by their address, or else their name.
const userName = 'coalesce(u.user_name, u.email, u.name)';

const userColumns = `u.id, ${userName} as user_name, u.external_id, u.name, u.email, u.status, u.created_at,
  coalesce((select json_agg(coalesce(c.name, m.role) order by m.role) from member_role m
    left join custom_role c on c.org_id = m.org_id and c.id = m.custom_role_id
    where m.org_id = u.org_id and m.user_id = u.id), '[]') as roles,
  coalesce((select json_agg(json_build_object('id', t.id, 'name', t.name) order by lower(t.name)) from team_member m
    join team t on t.org_id = m.org_id and t.id = m.team_id
    where m.org_id = u.org_id and m.user_id = u.id), '[]') as teams`;

export interface UserFilter {
  userName?: string;
  externalId?: string;
  id?: string;
}

const userWhere = `u.org_id = $1 and u.status <> 'removed' and ($2::text is null or lower(${userName}) = lower($2))
  and ($3::text is null or u.external_id = $3) and ($4::uuid is null or u.id = $4)`;

export const countUsers = async (db: Db, orgId: string, f: UserFilter): Promise<number> =>
  (
    await db.one<{ n: number }>(`select count(*) as n from app_user u where ${userWhere}`, [
      orgId,
      f.userName ?? null,
      f.externalId ?? null,
      f.id ?? null,
    ])
  ).n;

/** In the order in which they came, so that a page does not shift while others are added. */
export const listUsers = (db: Db, orgId: string, f: UserFilter, offset: number, limit: number) =>
  db.many<DirectoryUserRow>(
    `select ${userColumns} from app_user u where ${userWhere} order by u.created_at, u.id offset $5 limit $6`,
    [orgId, f.userName ?? null, f.externalId ?? null, f.id ?? null, offset, limit],
  );

/** Whether another member has this name for sign-ins, or comes from this entry of the directory. */
export const directoryTaken = async (
  tx: Tx,
  orgId: string,
  named: { userName: string; externalId: string | null },
  exceptId: string | null,
): Promise<boolean> =>
  (await tx.maybe(
    `select 1 from app_user u where u.org_id = $1 and u.status <> 'removed' and u.id is distinct from $4
       and (lower(${userName}) = lower($2) or u.external_id = $3) limit 1`,
    [orgId, named.userName, named.externalId, exceptId],
  )) !== undefined;

export const setDirectoryNames = (
  tx: Tx,
  orgId: string,
  id: string,
  named: { userName: string; externalId: string | null },
) =>
  tx.exec('update app_user set user_name = $3, external_id = $4 where org_id = $1 and id = $2', [
    orgId,
    id,
    named.userName,
    named.externalId,
  ]);

/** Whether the login is that of a member here already, also of a disabled one. */
export const loginBelongs = async (tx: Tx, orgId: string, loginId: string): Promise<boolean> =>
  (await tx.maybe('select 1 from app_user where org_id = $1 and login_id = $2', [orgId, loginId])) !== undefined;

export const findRoleByName = (db: Db, orgId: string, name: string) =>
  db.maybe<{ id: string }>('select id from custom_role where org_id = $1 and lower(name) = lower($2)', [orgId, name]);

const groupColumns = `t.id, t.name, t.external_id, t.created_at,
  coalesce((select json_agg(json_build_object('id', u.id, 'name', u.name) order by u.id) from team_member m
    join app_user u on u.org_id = m.org_id and u.id = m.user_id
    where m.org_id = t.org_id and m.team_id = t.id), '[]') as members`;

export interface GroupFilter {
  displayName?: string;
  externalId?: string;
  id?: string;
}

const groupWhere = `t.org_id = $1 and ($2::text is null or lower(t.name) = lower($2))
  and ($3::text is null or t.external_id = $3) and ($4::uuid is null or t.id = $4)`;

export const countGroups = async (db: Db, orgId: string, f: GroupFilter): Promise<number> =>
  (
    await db.one<{ n: number }>(`select count(*) as n from team t where ${groupWhere}`, [
      orgId,
      f.displayName ?? null,
      f.externalId ?? null,
      f.id ?? null,
    ])
  ).n;

export const listGroups = (db: Db, orgId: string, f: GroupFilter, offset: number, limit: number) =>
  db.many<DirectoryGroupRow>(
    `select ${groupColumns} from team t where ${groupWhere} order by t.created_at, t.id offset $5 limit $6`,
    [orgId, f.displayName ?? null, f.externalId ?? null, f.id ?? null, offset, limit],
  );

/** 0 where another team comes from the same group of the directory. */
export const setGroupExternalId = (tx: Tx, orgId: string, id: string, externalId: string | null) =>
  tx.exec(
    `update team set external_id = $3 where org_id = $1 and id = $2
       and not exists (select 1 from team o where o.org_id = $1 and o.external_id = $3 and o.id <> $2)`,
    [orgId, id, externalId],
  );
