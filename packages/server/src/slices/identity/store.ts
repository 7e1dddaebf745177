import type { BuiltInRole } from '@rapport/protocol/permissions';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { ClientTokenRow, OrgRow, UserRow } from './schema.ts';

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

/** A member, and which login is theirs. */
export const insertUser = (db: Db, user: Pick<UserRow, 'org_id' | 'id' | 'name'>, loginId: string) =>
  db.exec('insert into app_user (org_id, id, name, login_id) values ($1, $2, $3, $4)', [
    user.org_id,
    user.id,
    user.name,
    loginId,
  ]);

export const insertRole = (db: Db, orgId: string, userId: string, builtIn: BuiltInRole) =>
  db.exec('insert into member_role (org_id, user_id, built_in) values ($1, $2, $3)', [orgId, userId, builtIn]);

const owners = `select ${userColumns} from app_user u
  join member_role r on r.org_id = u.org_id and r.user_id = u.id and r.role = 'owner' where u.status = 'active'`;

/** The owner of longest standing of the first organisation. */
export const findFirstOwner = (db: Db) =>
  db.maybe<UserRow>(
    `${owners} and u.org_id = (select id from org order by created_at, id limit 1) order by u.created_at, u.id limit 1`,
  );

/** The owner of longest standing. */
export const findOwner = (db: Db, orgId: string) =>
  db.maybe<UserRow>(`${owners} and u.org_id = $1 order by u.created_at, u.id limit 1`, [orgId]);

/** The client's side of which session each of these tokens opens; the token is what tells the organisation. */
export const listClientTokens = (db: Db, tokenHashes: readonly Buffer[]) =>
  db.many<ClientTokenRow>(
    `select t.token_hash, t.org_id, t.id, t.session_id, t.alias from access_token t
     join invitation i on i.org_id = t.org_id and i.id = t.invitation_id and i.revoked_at is null
     join session s on s.org_id = t.org_id and s.id = t.session_id
     where t.token_hash = any($1::bytea[])`,
    [tokenHashes],
  );
