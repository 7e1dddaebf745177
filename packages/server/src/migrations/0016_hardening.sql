-- Codes of authenticator apps are good once: the half minute of the last one that was taken. What is not newer is refused.
alter table login_second_factor add column used_step bigint;

-- A login that is not used ends before its thirty days: `expires_at` moves with its use. An organisation may ask for less
-- than the server does.
alter table org add column idle_minutes integer check (idle_minutes between 5 and 43200);
update login_session set expires_at = least(expires_at, now() + interval '12 hours');

-- How long a login may go unused: the least that one of its organisations asks for, or the server.
create function idle_time_of(login uuid, org uuid, server_minutes integer) returns interval language sql stable as $$
  select make_interval(mins => least(server_minutes, min(o.idle_minutes)))
  from app_user u join org o on o.id = u.org_id
  where u.login_id = login and u.status = 'active' and (org is null or u.org_id = org)
$$;

-- Letters on their way: kept until a mail server took them, sealed, and to an address that stands here as a keyed hash only.
-- What was sent loses its content and is counted for an hour.
create table letter (
  id uuid primary key,
  recipient bytea not null,
  sealed bytea,
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index letter_due on letter (due_at) where sealed is not null;
create index letter_by_recipient on letter (recipient, created_at);
alter table letter enable row level security;
alter table letter force row level security;
create policy everywhere on letter using ((select current_setting('rapport.org', true)) = '*');
