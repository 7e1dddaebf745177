-- Logins stand above organisations: one e-mail address, one login, one set of passwords, passkeys and codes; an app_user is
-- its place in one organisation. What the sign-in library keeps lies here too, in its own shape.

-- Secrets of the server itself, wrapped by a master key like the keys of organisations.
create table server_secret (
  name text primary key,
  wrapped_by text not null,
  wrapped bytea not null,
  created_at timestamptz not null default now()
);

-- Without an address of its own a login has one under .invalid, to which nothing is ever sent.
create table login (
  id uuid primary key,
  email text not null unique check (email = lower(email)),
  email_verified boolean not null default false,
  name text not null,
  image text,
  two_factor_enabled boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table login_account (
  id uuid primary key,
  login_id uuid not null references login on delete cascade,
  provider_id text not null,
  account_id text not null,
  password text,
  access_token text,
  refresh_token text,
  id_token text,
  access_token_expires_at timestamptz,
  refresh_token_expires_at timestamptz,
  scope text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (provider_id, account_id)
);
create index login_account_by_login on login_account (login_id);

-- token: the hash of what the cookie holds. method: how the sign-in was done, its strongest part. bound: only in this
-- organisation, and not for changing the login itself, because the organisation's own provider vouched for it.
create table login_session (
  id uuid primary key,
  login_id uuid not null references login on delete cascade,
  token text not null unique,
  org_id uuid references org on delete cascade,
  bound boolean not null default false,
  method text not null,
  ip_address text,
  user_agent text,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index login_session_by_login on login_session (login_id);

create table login_verification (
  id text primary key,
  identifier text not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index login_verification_by_identifier on login_verification (identifier);

create table login_second_factor (
  id uuid primary key,
  login_id uuid not null unique references login on delete cascade,
  secret text not null,
  backup_codes text not null,
  verified boolean not null default false,
  failed_count integer not null default 0,
  locked_until timestamptz
);

create table login_passkey (
  id uuid primary key,
  login_id uuid not null references login on delete cascade,
  name text,
  credential_id text not null unique,
  public_key text not null,
  counter bigint not null,
  device_type text not null,
  backed_up boolean not null,
  transports text,
  aaguid text,
  created_at timestamptz not null default now()
);
create index login_passkey_by_login on login_passkey (login_id);

-- What stands above organisations is never seen from inside one.
do $$
declare name text;
begin
  foreach name in array array['server_secret', 'login', 'login_account', 'login_session', 'login_verification',
    'login_second_factor', 'login_passkey']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy everywhere on %I using ((select current_setting(''rapport.org'', true)) = ''*'')', name);
  end loop;
end $$;

-- The owner of the tables is bound by the policies as well, also here.
set local rapport.org = '*';
alter table app_user add column login_id uuid references login;
insert into login (id, email, name) select id, id || '@no-mail.invalid', name from app_user;
insert into login_account (id, login_id, provider_id, account_id, password)
  select gen_random_uuid(), id, 'credential', id::text, password_hash from app_user where password_hash is not null;
update app_user set login_id = id where status <> 'removed';
delete from login l where not exists (select 1 from app_user u where u.login_id = l.id);
-- Where an address is known and nobody else's, it is the login's; whether it is really theirs they prove with the next link.
update login l set email = lower(u.email) from app_user u
  where u.login_id = l.id and u.email is not null
    and not exists (select 1 from app_user o where lower(o.email) = lower(u.email) and o.id <> u.id);
alter table app_user drop column password_hash;
create unique index app_user_by_login on app_user (login_id, org_id);
drop table auth_session;

-- Logins stand above organisations: from inside one, these reach them for their own statements only. A `set` clause would do,
-- but an owner who is no superuser may not write it.

-- The member is signed out everywhere.
create function end_logins_of(org uuid, member uuid) returns void language plpgsql as $$
declare before text := current_setting('rapport.org', true);
begin
  perform set_config('rapport.org', '*', true);
  delete from login_session where login_id = (select login_id from app_user where org_id = org and id = member);
  perform set_config('rapport.org', before, true);
end $$;

-- The member leaves. A login that belongs to nobody any more goes with all it consists of.
create function release_login_of(org uuid, member uuid) returns void language plpgsql as $$
declare
  before text := current_setting('rapport.org', true);
  released uuid;
begin
  perform set_config('rapport.org', '*', true);
  select login_id into released from app_user where org_id = org and id = member;
  update app_user set login_id = null where org_id = org and id = member;
  delete from login_session where login_id = released;
  delete from login where id = released and not exists (select 1 from app_user where login_id = released);
  perform set_config('rapport.org', before, true);
end $$;

alter table org add column second_factor_required boolean not null default false;

-- A provider of OpenID Connect that an organisation trusts to say who its members are.
create table identity_provider (
  org_id uuid not null references org on delete cascade,
  id uuid not null,
  label text not null,
  issuer text not null,
  client_id text not null,
  client_secret bytea,
  checks_second_factor boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id)
);
select rapport_secure('identity_provider', 'org_id');
