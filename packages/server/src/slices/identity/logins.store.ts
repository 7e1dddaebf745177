import { createHash } from 'node:crypto';
import type { Db } from '../../platform/db/db.ts';
import { userColumns } from './store.ts';
import type { LoginRow, LoginSessionRow, PasskeyRow, SignedInRow } from './schema.ts';

// Logins stand above organisations: every function here is given the scope that sees all.

/** The address of a login that has none; nothing is ever sent to it. */
const noAddress = '@no-mail.invalid';

export const hasAddress = (email: string): boolean => !email.endsWith(noAddress);

export const insertLogin = (db: Db, login: { id: string; name: string; email: string | null; verified: boolean }) =>
  db.exec('insert into login (id, email, email_verified, name) values ($1, $2, $3, $4)', [
    login.id,
    login.email?.toLowerCase() ?? `${login.id}${noAddress}`,
    login.verified,
    login.name,
  ]);

const loginColumns = 'l.id, l.email, l.email_verified, l.two_factor_enabled';

export const findLoginOf = (db: Db, orgId: string, userId: string) =>
  db.maybe<LoginRow>(
    `select ${loginColumns} from app_user u join login l on l.id = u.login_id where u.org_id = $1 and u.id = $2`,
    [orgId, userId],
  );

export const findLoginByEmail = (db: Db, email: string) =>
  db.maybe<LoginRow>(`select ${loginColumns} from login l where l.email = lower($1)`, [email]);

/** By the address the organisation has of a member, or by a name that only one of its members has. */
export const findLoginInOrg = (db: Db, orgId: string, name: string) =>
  db.maybe<LoginRow>(
    `select ${loginColumns} from app_user u join login l on l.id = u.login_id
     where u.org_id = $1 and u.status = 'active' and (lower(u.email) = lower($2) or (lower(u.name) = lower($2) and not exists (
       select 1 from app_user o
       where o.org_id = u.org_id and o.id <> u.id and o.status = 'active'
         and (lower(o.name) = lower($2) or lower(o.email) = lower($2)))))
     limit 1`,
    [orgId, name],
  );

export const isMember = async (db: Db, loginId: string, orgId: string | null): Promise<boolean> =>
  (await db.maybe(
    `select 1 from app_user where login_id = $1 and status = 'active' and ($2::uuid is null or org_id = $2) limit 1`,
    [loginId, orgId],
  )) !== undefined;

/** As whom a login belongs to organisations. */
export const membersOf = (db: Db, loginId: string) =>
  db.many<{ org_id: string; id: string }>(
    `select org_id, id from app_user where login_id = $1 and status = 'active' order by org_id`,
    [loginId],
  );

/** Whose login session this is, in the organisation it was opened for or else the first that the login belongs to. */
export const listSignedIn = (db: Db, tokenHashes: readonly string[]) =>
  db.many<SignedInRow>(
    `select distinct on (s.token) ${userColumns}, s.token, s.id as session_id, s.login_id, s.method, s.bound,
       o.second_factor_required
     from login_session s
     join app_user u on u.login_id = s.login_id and (s.org_id is null or u.org_id = s.org_id) and u.status = 'active'
     join org o on o.id = u.org_id
     where s.token = any($1::text[]) and s.expires_at > now()
     order by s.token, u.created_at, u.id`,
    [tokenHashes],
  );

export const findSignedIn = async (db: Db, tokenHash: string): Promise<SignedInRow | undefined> =>
  (await listSignedIn(db, [tokenHash]))[0];

/** The login was used: it goes on for its idle time, and never beyond the days it was opened for. */
export const markSessionUsed = (db: Db, tokenHash: string, most: { days: number; idleMinutes: number }) =>
  db.exec(
    `update login_session s set updated_at = now(), expires_at =
       least(s.created_at + make_interval(days => $2), now() + idle_time_of(s.login_id, s.org_id, $3))
     where s.token = $1 and s.expires_at > now()`,
    [tokenHash, most.days, most.idleMinutes],
  );

/** How long a new login may go unused, in minutes. */
export const idleMinutesOf = async (db: Db, loginId: string, orgId: string | null, idleMinutes: number) =>
  (
    await db.one<{ minutes: number }>('select extract(epoch from idle_time_of($1, $2, $3))::int / 60 as minutes', [
      loginId,
      orgId,
      idleMinutes,
    ])
  ).minutes;

/** Logins of the organisation's members end no later than its idle time after they were last used. */
export const shortenSessions = (db: Db, orgId: string, idleMinutes: number) =>
  db.exec(
    `update login_session s set expires_at = least(s.expires_at, s.updated_at + make_interval(mins => $2))
     where (s.org_id is null or s.org_id = $1)
       and s.login_id in (select login_id from app_user where org_id = $1 and status = 'active')`,
    [orgId, idleMinutes],
  );

export const findSecondFactor = (db: Db, loginId: string) =>
  db.maybe<{ secret: string }>('select secret from login_second_factor where login_id = $1', [loginId]);

/** False where a code of this half minute, or of a later one, was taken before. */
export const takeStep = async (db: Db, loginId: string, step: number): Promise<boolean> =>
  (await db.exec(
    `update login_second_factor set used_step = $2 where login_id = $1 and (used_step is null or used_step < $2)`,
    [loginId, step],
  )) === 1;

/** The organisations a login belongs to, by name. */
export const listOrganisations = (db: Db, loginId: string) =>
  db.many<{ id: string; name: string; slug: string }>(
    `select o.id, o.name, o.slug from app_user u join org o on o.id = u.org_id
     where u.login_id = $1 and u.status = 'active' order by lower(o.name), o.id`,
    [loginId],
  );

/** Goes on in another organisation. 0 where the login does not belong to it, or this session is bound to one. */
export const switchSession = (db: Db, tokenHash: string, orgId: string) =>
  db.exec(
    `update login_session s set org_id = $2, updated_at = now()
     where s.token = $1 and not s.bound and s.expires_at > now() and exists (
       select 1 from app_user u where u.login_id = s.login_id and u.org_id = $2 and u.status = 'active')`,
    [tokenHash, orgId],
  );

/** What a password of theirs must not be made of: names and addresses, theirs and their organisations'. */
export const wordsAbout = async (db: Db, loginId: string): Promise<string[]> =>
  (
    await db.many<{ word: string }>(
      `select l.name as word from login l where l.id = $1
       union select split_part(l.email, '@', 1) from login l where l.id = $1
       union select split_part(split_part(l.email, '@', 2), '.', 1) from login l where l.id = $1
       union select u.name from app_user u where u.login_id = $1
       union select o.name from app_user u join org o on o.id = u.org_id where u.login_id = $1
       union select o.slug from app_user u join org o on o.id = u.org_id where u.login_id = $1`,
      [loginId],
    )
  ).map(({ word }) => word);

/** Of whoever this link to a new password was sent to; nothing where it is not good. */
export async function wordsAboutReset(db: Db, token: string): Promise<string[]> {
  const identifier = createHash('sha256').update(`reset-password:${token}`).digest('base64url');
  const asked = await db.maybe<{ value: string }>(
    'select value from login_verification where identifier = $1 and expires_at > now()',
    [identifier],
  );
  return asked ? wordsAbout(db, asked.value) : [];
}

export const findPassword = async (db: Db, loginId: string): Promise<string | null> =>
  (
    await db.maybe<{ password: string | null }>(
      `select password from login_account where login_id = $1 and provider_id = 'credential'`,
      [loginId],
    )
  )?.password ?? null;

export const setPassword = (db: Db, accountId: string, loginId: string, hash: string) =>
  db.exec(
    `insert into login_account (id, login_id, provider_id, account_id, password)
     values ($1, $2, 'credential', $4, $3)
     on conflict (provider_id, account_id) do update set password = $3, updated_at = now()`,
    [accountId, loginId, hash, loginId],
  );

export const listSessions = (db: Db, loginId: string) =>
  db.many<LoginSessionRow>(
    `select id, method, bound, ip_address, user_agent, created_at, expires_at from login_session
     where login_id = $1 and expires_at > now() order by created_at desc, id limit 200`,
    [loginId],
  );

export const deleteSession = (db: Db, loginId: string, id: string) =>
  db.exec('delete from login_session where login_id = $1 and id = $2', [loginId, id]);

export const deleteSessionByToken = (db: Db, tokenHash: string) =>
  db.maybe<{ login_id: string }>('delete from login_session where token = $1 returning login_id', [tokenHash]);

/** Signs out everywhere but where the cookie holds the token of `exceptHash`. */
export const deleteSessionsOf = (db: Db, loginId: string, exceptHash: string | null) =>
  db.exec('delete from login_session where login_id = $1 and token is distinct from $2', [loginId, exceptHash]);

/** What has served its time. */
export const deleteExpired = async (db: Db): Promise<void> => {
  await db.exec('delete from login_session where expires_at <= now()');
  await db.exec('delete from login_verification where expires_at <= now()');
};

export const listPasskeys = (db: Db, loginId: string) =>
  db.many<PasskeyRow>(
    'select id, name, backed_up, created_at from login_passkey where login_id = $1 order by created_at, id',
    [loginId],
  );

export const signInPolicy = (db: Db, orgId: string) =>
  db.one<{ required: boolean; idle: number | null }>(
    'select second_factor_required as required, idle_minutes as idle from org where id = $1',
    [orgId],
  );

export const setSignInPolicy = (db: Db, orgId: string, required: boolean, idle: number | null) =>
  db.exec('update org set second_factor_required = $2, idle_minutes = $3 where id = $1', [orgId, required, idle]);
