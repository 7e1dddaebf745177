import type { Db } from '../../platform/db/db.ts';

/** A member's place in the organisation; of the login only which one it is. */
export const readMember = (db: Db, orgId: string, userId: string) =>
  db.one<{ loginId: string } & Record<string, unknown>>(
    `select u.login_id as "loginId", u.id, u.name, u.email, u.status, u.user_name as "directoryName",
       u.external_id as "directoryId", u.created_at as "createdAt",
       array(select coalesce(c.name, m.role) from member_role m
         left join custom_role c on c.org_id = m.org_id and c.id = m.custom_role_id
         where m.org_id = u.org_id and m.user_id = u.id order by 1) as roles
     from app_user u where u.org_id = $1 and u.id = $2`,
    [orgId, userId],
  );

export const readTeams = (db: Db, orgId: string, userId: string) =>
  db.many<Record<string, unknown>>(
    `select t.name, m.created_at as "since" from team_member m join team t on t.org_id = m.org_id and t.id = m.team_id
     where m.org_id = $1 and m.user_id = $2 order by t.name`,
    [orgId, userId],
  );

export const readKeys = (db: Db, orgId: string, userId: string) =>
  db.many<Record<string, unknown>>(
    `select name, hint, scopes, expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt",
       created_at as "createdAt" from api_key where org_id = $1 and user_id = $2 order by created_at, id`,
    [orgId, userId],
  );

/** The invitation they came by. Those they wrote are about others. */
export const readInvitations = (db: Db, orgId: string, userId: string) =>
  db.many<Record<string, unknown>>(
    `select email, name, created_at as "createdAt", accepted_at as "acceptedAt"
     from member_invitation where org_id = $1 and accepted_by = $2 order by created_at`,
    [orgId, userId],
  );

export const readCaseload = (db: Db, orgId: string, userId: string) =>
  db.many<Record<string, unknown>>(
    `select client_id as "clientId", created_at as "since" from client_assignment
     where org_id = $1 and user_id = $2 order by created_at, client_id`,
    [orgId, userId],
  );

/** Who stands in for them when they are away, and for whom they do. */
export const readDeputies = (db: Db, orgId: string, userId: string) =>
  db.many<Record<string, unknown>>(
    `select user_id as "of", deputy_id as "deputy" from review_deputy
     where org_id = $1 and (user_id = $2 or deputy_id = $2) order by user_id`,
    [orgId, userId],
  );

export const readDeidExports = (db: Db, orgId: string, userId: string) =>
  db.many<Record<string, unknown>>(
    `select id, case when created_by = $2 then 'prepared' else 'reviewed' end as part, form, created_at as "createdAt",
       reviewed_at as "reviewedAt"
     from deid_export where org_id = $1 and (created_by = $2 or reviewed_by = $2) order by created_at, id`,
    [orgId, userId],
  );

// Logins stand above organisations: given the scope that sees all, these look for one login alone.

export const readLogin = (db: Db, loginId: string) =>
  db.one<Record<string, unknown>>(
    `select case when l.email like '%@no-mail.invalid' then null else l.email end as email,
       l.email_verified as "emailVerified", l.name, l.two_factor_enabled as "secondFactor", l.created_at as "createdAt"
     from login l where l.id = $1`,
    [loginId],
  );

/** Whether there is a password, and who they are to a provider; neither hashes nor tokens. */
export const readAccounts = (db: Db, loginId: string) =>
  db.many<Record<string, unknown>>(
    `select case when provider_id = 'credential' then 'password' else 'provider' end as kind,
       case when provider_id = 'credential' then null else account_id end as "nameAtProvider", created_at as "createdAt"
     from login_account where login_id = $1 order by created_at, id`,
    [loginId],
  );

export const readSessions = (db: Db, loginId: string) =>
  db.many<Record<string, unknown>>(
    `select method, ip_address as address, user_agent as device, created_at as "createdAt", expires_at as "expiresAt"
     from login_session where login_id = $1 order by created_at, id`,
    [loginId],
  );

export const readPasskeys = (db: Db, loginId: string) =>
  db.many<Record<string, unknown>>(
    `select name, device_type as "deviceType", backed_up as synced, created_at as "createdAt"
     from login_passkey where login_id = $1 order by created_at, id`,
    [loginId],
  );
