/**
 * Statements that stand above organisations, and why each may. They run in `db.everywhere`, so neither net holds them:
 * what they look for must itself be the key (a token, a lease), and nothing that answers a request may be made of
 * their rows beyond what it opens. Each is known by its file and its beginning.
 */
const aboveOrganisations: readonly [file: string, begins: string, because: string][] = [
  [
    'platform/events/store.ts',
    'select id, seq from room where id = any',
    'heads of the rooms that have readers here: the sweep for lost wake-ups',
  ],
  ['platform/http/idempotency.store.ts', 'delete from idempotency where created_at', 'sweeps what is older than a day'],
  ['platform/keys/store.ts', 'select o.id as "orgId"', 'at the start: who has no key yet'],
  ['platform/keys/store.ts', 'select distinct org_id as id from data_key', 'rotation of the master key'],
  ['slices/identity/invitations.store.ts', 'select i.org_id', 'whose invitation a token is'],
  ['slices/identity/invitations.store.ts', 'select o.name as organisation', 'what the invitation of a token is to'],
  [
    'slices/identity/invitations.store.ts',
    'update invitation set accepted_at',
    'in the transaction that a token opened',
  ],
  ['slices/identity/invitations.store.ts', 'insert into access_token', 'in the transaction that a token opened'],
  ['slices/sessions/store.ts', 'update session set client_joined', 'in the transaction that a token opened'],
  [
    'slices/identity/memberInvitations.store.ts',
    'select … from member_invitation i join org o',
    'whose invitation a token is',
  ],
  [
    'slices/identity/memberInvitations.store.ts',
    'update member_invitation set accepted_at',
    'in the transaction that a token opened',
  ],
  [
    'slices/identity/members.store.ts',
    'select u.id, l.email from app_user u',
    'the addresses of logins, which stand above organisations',
  ],
  ['slices/identity/members.store.ts', 'insert into app_user', 'in the transaction that a token opened'],
  ['slices/identity/members.store.ts', 'insert into member_role', 'in the transaction that a token opened'],
  ['slices/identity/apiKeys.store.ts', 'select …, k.id as key_id', 'whose key a token is'],
  [
    'slices/identity/store.ts',
    'select id, name, slug, allow_titles from org order by',
    "local mode and the preset are the first organisation's",
  ],
  [
    'slices/identity/store.ts',
    'select id, name, slug, allow_titles from org where slug',
    'which organisation a sign-in names',
  ],
  ['slices/identity/store.ts', 'select o.id, o.name, o.slug', 'the command line lists them'],
  ['slices/identity/store.ts', 'select count(*) as n from org', 'whether a sign-in must name one'],
  ['slices/identity/store.ts', 'insert into org ', 'the set-up makes the organisation'],
  ['slices/identity/store.ts', 'insert into app_user', 'the set-up makes the owner'],
  ['slices/identity/store.ts', 'insert into member_role', 'the set-up makes the owner'],
  [
    'slices/identity/store.ts',
    'select … from app_user u join member_role',
    'the owner in local mode; findOwner adds the organisation',
  ],
  [
    'slices/identity/logins.store.ts',
    'select org_id, id from app_user',
    'where a login belongs; read after its secret was checked',
  ],
  [
    'slices/identity/logins.store.ts',
    'select … from app_user u join login l',
    'names the organisation; the login it leads to lies above',
  ],
  [
    'slices/identity/oidc.store.ts',
    'delete from identity_provider',
    'names the organisation; the links to it lie above',
  ],
  ['slices/identity/logins.store.ts', 'select …, s.id as session_id', 'whose login a token is'],
  ['slices/identity/logins.store.ts', 'select 1 from app_user where login_id', 'where a login belongs'],
  ['slices/identity/logins.store.ts', 'select id, method, bound', 'of one login, which is the asker’s'],
  ['slices/identity/logins.store.ts', 'delete from login_session where login_id', 'of one login, which is the asker’s'],
  ['slices/identity/logins.store.ts', 'delete from login_session where token', 'a token is its own key'],
  ['slices/identity/logins.store.ts', 'delete from login_session where expires_at', 'sweeps what has served its time'],
  [
    'slices/identity/oidc.store.ts',
    'select … from identity_provider where id',
    'before anybody is signed in the id tells the organisation',
  ],
  [
    'platform/audit/checkpoints.store.ts',
    'select o.id from org o',
    'whose logs are to be signed or shipped, by a timer',
  ],
  ['platform/audit/store.ts', 'select o.id from org o where exists', 'the command line verifies every log'],
  ['slices/identity/store.ts', 'select t.org_id', 'whose access a token is'],
  [
    'slices/inference/generations.store.ts',
    'insert into token_log',
    'tokens of all replies that this server makes; joined by organisation and lease',
  ],
  ['slices/inference/generations.store.ts', 'update generation set lease_until', 'leases of what runs here'],
  ['slices/inference/generations.store.ts', 'update generation set owner', 'takes over what a dead server left'],
  ['slices/inference/generations.store.ts', 'delete from token_log', 'sweeps the tokens of finished replies'],
  ['slices/inference/providers.store.ts', 'select id from org limit 1', 'whether this server is set up'],
  [
    'slices/inference/providers.store.ts',
    'select id from provider where kind',
    'at the start: whether a library is needed',
  ],
  [
    'slices/privacy/retention.store.ts',
    'update retention_rule set lease_owner',
    'takes the rules that are due, of all organisations',
  ],
  ['slices/privacy/ledger.store.ts', 'select org_id as org, seq', 'after a restore: what was erased must go again'],
  ['slices/privacy/restoring.ts', 'delete from idempotency', 'after a restore: no answer of before may be repeated'],
  ['slices/privacy/erasure.store.ts', 'update erasure set touched_at', 'takes up erasures that a dead server left'],
];

const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

export const mayStandAbove = (file: string, text: string): boolean =>
  aboveOrganisations.some(([where, begins]) => where === file && plain(text).startsWith(begins));
