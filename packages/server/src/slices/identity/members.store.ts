import type { Member } from '@rapport/protocol/members';
import { builtInRoles } from '@rapport/protocol/permissions';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { MemberRow } from './schema.ts';

const columns = `u.id, u.name, lower(u.name) as sort_key, u.email, u.status, u.created_at,
  array(select m.role from member_role m where m.org_id = u.org_id and m.user_id = u.id order by m.role) as roles,
  array(select unnest(c.permissions) from member_role m
    join custom_role c on c.org_id = m.org_id and c.id = m.custom_role_id
    where m.org_id = u.org_id and m.user_id = u.id) as custom_permissions,
  coalesce((select json_agg(json_build_object('id', t.id, 'name', t.name) order by lower(t.name)) from team_member tm
    join team t on t.org_id = tm.org_id and t.id = tm.team_id
    where tm.org_id = u.org_id and tm.user_id = u.id), '[]') as teams`;

/** All but the address of the login, which stands above organisations. */
export const toMember = (row: MemberRow): Omit<Member, 'confirmedEmail'> => ({
  id: row.id,
  name: row.name,
  email: row.email,
  status: row.status,
  roles: row.roles,
  teams: row.teams,
  createdAt: row.created_at,
});

/**
 * Whoever changes who may do what holds this until the commit: two owners cannot remove each other at once. The key stays
 * free for rows that point at it, above all the audit log's, which is waited for at the end of every transaction.
 */
export const lockMembers = (tx: Tx, orgId: string) =>
  tx.one('select id from org where id = $1 for no key update', [orgId]);

export const findMember = (db: Db, orgId: string, id: string) =>
  db.maybe<MemberRow>(`select ${columns} from app_user u where u.org_id = $1 and u.id = $2 and u.status <> 'removed'`, [
    orgId,
    id,
  ]);

/** What these members sign in with and have confirmed as theirs. Logins stand above organisations. */
export async function confirmedAddresses(
  everywhere: Db,
  orgId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await everywhere.many<{ id: string; email: string }>(
    `select u.id, l.email from app_user u join login l on l.id = u.login_id
     where u.org_id = $1 and u.id = any($2::uuid[]) and l.email_verified`,
    [orgId, ids],
  );
  return new Map(rows.map((row) => [row.id, row.email]));
}

/** Who can be written to. */
export const listAddressees = (db: Db, orgId: string) =>
  db.many<MemberRow & { email: string }>(
    `select ${columns} from app_user u where u.org_id = $1 and u.status = 'active' and u.email is not null`,
    [orgId],
  );

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** By name; `after` is the last row of the page before: its name in lower case and its id. */
export const listMembers = (db: Db, orgId: string, q: string | undefined, after: string[] | null, limit: number) =>
  db.many<MemberRow>(
    `select ${columns} from app_user u
     where u.org_id = $1 and u.status <> 'removed'
       and ($2::text is null or u.name ilike $2 or u.email ilike $2)
       and ($3::text is null or (lower(u.name), u.id) > ($3, $4::uuid))
     order by lower(u.name), u.id limit $5`,
    [orgId, q ? `%${escapeLike(q)}%` : null, after?.[0] ?? null, after?.[1] ?? null, limit],
  );

/** Whether an active or disabled member signs in with this name or address, other than `exceptId`. */
export const loginTaken = async (db: Db, orgId: string, login: string, exceptId: string | null): Promise<boolean> =>
  (await db.maybe(
    `select id from app_user
     where org_id = $1 and status <> 'removed' and (lower(name) = lower($2) or lower(email) = lower($2))
       and id is distinct from $3 limit 1`,
    [orgId, login, exceptId],
  )) !== undefined;

export const insertMember = (
  tx: Tx,
  orgId: string,
  member: { id: string; name: string; email: string | null; loginId: string },
) =>
  tx.exec('insert into app_user (org_id, id, name, email, login_id) values ($1, $2, $3, $4, $5)', [
    orgId,
    member.id,
    member.name,
    member.email,
    member.loginId,
  ]);

export const updateMember = (tx: Tx, orgId: string, member: Pick<MemberRow, 'id' | 'name' | 'email' | 'status'>) =>
  tx.exec('update app_user set name = $3, email = $4, status = $5 where org_id = $1 and id = $2', [
    orgId,
    member.id,
    member.name,
    member.email,
    member.status,
  ]);

/** Names what is stored where as what it is: a built-in role by name, a custom one by id. */
export async function setRoles(tx: Tx, orgId: string, userId: string, roles: readonly string[]): Promise<void> {
  const builtIn = roles.filter((role) => Object.hasOwn(builtInRoles, role));
  const custom = roles.filter((role) => !Object.hasOwn(builtInRoles, role));
  await tx.exec('delete from member_role where org_id = $1 and user_id = $2', [orgId, userId]);
  await tx.exec(`insert into member_role (org_id, user_id, built_in) select $1, $2, r from unnest($3::text[]) r`, [
    orgId,
    userId,
    builtIn,
  ]);
  await tx.exec(
    `insert into member_role (org_id, user_id, custom_role_id) select $1, $2, r from unnest($3::uuid[]) r`,
    [orgId, userId, custom],
  );
}

export const countOtherOwners = async (tx: Tx, orgId: string, userId: string): Promise<number> =>
  (
    await tx.one<{ n: number }>(
      `select count(*) as n from member_role m join app_user u on u.org_id = m.org_id and u.id = m.user_id
       where m.org_id = $1 and m.role = 'owner' and u.status = 'active' and m.user_id <> $2`,
      [orgId, userId],
    )
  ).n;

/** Ends every login of the member, on all devices. */
export const deleteLogins = (tx: Tx, orgId: string, userId: string) =>
  tx.many('select end_logins_of($1, $2)', [orgId, userId]);

/** Takes the second factor, the passkeys and every sign-in away. False where the login is also another organisation's. */
export const resetFactors = async (tx: Tx, orgId: string, userId: string): Promise<boolean> =>
  (await tx.one<{ done: boolean }>('select reset_factors_of($1, $2) as done', [orgId, userId])).done;

/** Stands where the name of a member stood who left. */
const formerMember = 'Former member';

/** Takes away what the member had. The name alone stays, for as long as the audit log tells of them: see `forgetFormer`. */
export async function removeMember(tx: Tx, orgId: string, userId: string): Promise<void> {
  await tx.exec(
    `delete from member_invitation i using app_user u
     where i.org_id = $1 and u.org_id = $1 and u.id = $2 and (i.accepted_by = $2 or lower(i.email) = lower(u.email))`,
    [orgId, userId],
  );
  await tx.exec('update deid_export set created_by_name = $3 where org_id = $1 and created_by = $2', [
    orgId,
    userId,
    formerMember,
  ]);
  await tx.exec('update deid_export set reviewed_by_name = $3 where org_id = $1 and reviewed_by = $2', [
    orgId,
    userId,
    formerMember,
  ]);
  await tx.exec(
    `update app_user set status = 'removed', email = null, user_name = null, external_id = null
     where org_id = $1 and id = $2`,
    [orgId, userId],
  );
  await tx.many('select release_login_of($1, $2)', [orgId, userId]);
  await tx.exec('delete from member_role where org_id = $1 and user_id = $2', [orgId, userId]);
  await tx.exec('delete from review_deputy where org_id = $1 and (user_id = $2 or deputy_id = $2)', [orgId, userId]);
  await tx.exec('delete from team_member where org_id = $1 and user_id = $2', [orgId, userId]);
  await tx.exec('delete from client_assignment where org_id = $1 and user_id = $2', [orgId, userId]);
  await tx.exec('delete from api_key where org_id = $1 and user_id = $2', [orgId, userId]);
}
