-- How often those near a limit came this minute, on all servers together. Nobody's data: a bucket is a hash. It stands in
-- no backup and is empty after a crash of the database, which is as good as a minute's waiting.
create unlogged table rate_count (
  bucket bytea not null,
  minute bigint not null,
  count integer not null,
  primary key (bucket, minute)
);

-- For whom a reply was made, for budgets.
alter table generation add column persona_id uuid;
alter table generation add column user_id uuid;
update generation g set persona_id = s.persona_id, user_id = s.created_by
from session s where s.org_id = g.org_id and s.id = g.session_id;
create index generation_ended on generation (org_id, ended_at) where status <> 'running';

-- What replies used, hour by hour and kept when their sessions are gone: an erased client gives no budget back.
create table usage_hour (
  org_id uuid not null references org,
  hour timestamptz not null,
  persona_id uuid not null,
  user_id uuid not null,
  replies integer not null,
  tokens bigint not null,
  cost_micro_usd bigint not null,
  primary key (org_id, hour, persona_id, user_id)
);
select rapport_secure('usage_hour', 'org_id');

-- Up to when an organisation's replies stand in usage_hour.
create table usage_through (
  org_id uuid primary key references org,
  through timestamptz not null
);
select rapport_secure('usage_through', 'org_id');

create table budget (
  org_id uuid not null references org,
  id uuid not null,
  scope text not null check (scope in ('organisation', 'persona', 'user')),
  persona_id uuid,
  user_id uuid,
  period text not null check (period in ('day', 'month')),
  tokens bigint check (tokens >= 0),
  cost_micro_usd bigint check (cost_micro_usd >= 0),
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, persona_id) references persona on delete cascade,
  foreign key (org_id, user_id) references app_user on delete cascade,
  unique nulls not distinct (org_id, scope, persona_id, user_id, period),
  check ((scope = 'persona') = (persona_id is not null) and (scope = 'user') = (user_id is not null)),
  check (tokens is not null or cost_micro_usd is not null)
);
select rapport_secure('budget', 'org_id');
