import type { BuiltInRole } from '@rapport/protocol/permissions';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { ClientTokenRow, CredentialRow, OrgRow, UserRow } from './schema.ts';

// Any fixed number: two servers, or two impatient clicks, must not set up twice.
const setupLock = 7_204_311;

export const userColumns = `u.org_id, u.id, u.name,
  array(select m.role from member_role m where m.org_id = u.org_id and m.user_id = u.id order by m.role) as roles,
  array(select unnest(c.permissions) from member_role m
    join custom_role c on c.org_id = m.org_id and c.id = m.custom_role_id
    where m.org_id = u.org_id and m.user_id = u.id) as custom_permissions`;

export const lockSetup = (tx: Tx) => tx.exec('select pg_advisory_xact_lock($1)', [setupLock]);

/** The organisation that was set up here first: local mode and the preset are its. */
export const findFirstOrg = (db: Db) =>
  db.maybe<OrgRow>('select id, name, slug, allow_titles from org order by created_at, id limit 1');

/** Before any actor there is no organisation to ask for: the sign-in names one, or there is only one. */
export const findOrgBySlug = (db: Db, slug: string) =>
  db.maybe<OrgRow>('select id, name, slug, allow_titles from org where slug = lower($1)', [slug]);

export const listOrgs = (db: Db) =>
  db.many<OrgRow & { members: number }>(
    `select o.id, o.name, o.slug, o.allow_titles,
       (select count(*) from app_user u where u.org_id = o.id and u.status <> 'removed') as members
     from org o order by o.created_at, o.id`,
  );

export const countOrgs = async (db: Db): Promise<number> =>
  (await db.one<{ n: number }>('select count(*) as n from org')).n;

export const findOrg = (db: Db, orgId: string) =>
  db.maybe<OrgRow>('select id, name, slug, allow_titles from org where id = $1', [orgId]);

export const insertOrg = (db: Db, orgId: string, name: string, slug: string) =>
  db.exec('insert into org (id, name, slug) values ($1, $2, $3)', [orgId, name, slug]);

export const updateOrg = (db: Db, orgId: string, name: string | null, allowTitles: boolean | null) =>
  db.one<OrgRow>(
    `update org set name = coalesce($2, name), allow_titles = coalesce($3, allow_titles)
     where id = $1 returning id, name, slug, allow_titles`,
    [orgId, name, allowTitles],
  );

export const insertUser = (db: Db, user: Pick<CredentialRow, 'org_id' | 'id' | 'name' | 'password_hash'>) =>
  db.exec('insert into app_user (org_id, id, name, password_hash) values ($1, $2, $3, $4)', [
    user.org_id,
    user.id,
    user.name,
    user.password_hash,
  ]);

export const insertRole = (db: Db, orgId: string, userId: string, builtIn: BuiltInRole) =>
  db.exec('insert into member_role (org_id, user_id, built_in) values ($1, $2, $3)', [orgId, userId, builtIn]);

const owners = `select ${userColumns}, u.password_hash from app_user u
  join member_role r on r.org_id = u.org_id and r.user_id = u.id and r.role = 'owner' where u.status = 'active'`;

/** The owner of longest standing of the first organisation. */
export const findFirstOwner = (db: Db) =>
  db.maybe<CredentialRow>(
    `${owners} and u.org_id = (select id from org order by created_at, id limit 1) order by u.created_at, u.id limit 1`,
  );

/** The owner of longest standing. */
export const findOwner = (db: Db, orgId: string) =>
  db.maybe<CredentialRow>(`${owners} and u.org_id = $1 order by u.created_at, u.id limit 1`, [orgId]);

export const findCredential = (db: Db, orgId: string, userId: string) =>
  db.maybe<CredentialRow>(
    `select ${userColumns}, u.password_hash from app_user u
     where u.org_id = $1 and u.id = $2 and u.status = 'active'`,
    [orgId, userId],
  );

/** By e-mail, or by a name that only one member has. */
export const findCredentialByLogin = (db: Db, orgId: string, login: string) =>
  db.maybe<CredentialRow>(
    `select ${userColumns}, u.password_hash from app_user u
     where u.org_id = $1 and u.status = 'active' and (lower(u.email) = lower($2) or (lower(u.name) = lower($2) and not exists (
       select 1 from app_user o
       where o.org_id = u.org_id and o.id <> u.id and o.status = 'active'
         and (lower(o.name) = lower($2) or lower(o.email) = lower($2)))))
     limit 1`,
    [orgId, login],
  );

export const updatePassword = (db: Db, orgId: string, userId: string, hash: string) =>
  db.exec('update app_user set password_hash = $3 where org_id = $1 and id = $2', [orgId, userId, hash]);

export const insertAuthSession = (
  db: Db,
  orgId: string,
  session: { id: string; userId: string; tokenHash: Buffer; expiresAt: string },
) =>
  db.exec('insert into auth_session (org_id, id, user_id, token_hash, expires_at) values ($1, $2, $3, $4, $5)', [
    orgId,
    session.id,
    session.userId,
    session.tokenHash,
    session.expiresAt,
  ]);

export const deleteExpiredAuthSessions = (db: Db, orgId: string) =>
  db.exec('delete from auth_session where org_id = $1 and expires_at <= now()', [orgId]);

/** Signs the user out everywhere but on the device that holds the token of `exceptHash`. */
export const deleteAuthSessionsOf = (db: Db, orgId: string, userId: string, exceptHash: Buffer | null) =>
  db.exec('delete from auth_session where org_id = $1 and user_id = $2 and token_hash is distinct from $3', [
    orgId,
    userId,
    exceptHash,
  ]);

/** Whose login it was. The token is what tells the organisation: it is unique over all of them. */
export const deleteAuthSession = (db: Db, tokenHash: Buffer) =>
  db.maybe<{ org_id: string; id: string }>(
    `delete from auth_session s using app_user u
     where s.token_hash = $1 and u.org_id = s.org_id and u.id = s.user_id
     returning u.org_id, u.id`,
    [tokenHash],
  );

/** Whose login this is; the token is what tells the organisation. */
export const findUserByAuthToken = (db: Db, tokenHash: Buffer) =>
  db.maybe<UserRow>(
    `select ${userColumns} from auth_session s
     join app_user u on u.org_id = s.org_id and u.id = s.user_id and u.status = 'active'
     where s.token_hash = $1 and s.expires_at > now()`,
    [tokenHash],
  );

/** The client's side of which session this token opens; the token is what tells the organisation. */
export const findClientToken = (db: Db, tokenHash: Buffer) =>
  db.maybe<ClientTokenRow>(
    `select t.org_id, t.id, t.session_id, t.alias from access_token t
     join invitation i on i.org_id = t.org_id and i.id = t.invitation_id and i.revoked_at is null
     join session s on s.org_id = t.org_id and s.id = t.session_id
     where t.token_hash = $1`,
    [tokenHash],
  );
