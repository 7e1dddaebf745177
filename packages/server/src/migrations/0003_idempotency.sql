-- What a write answered, for whoever repeats it with the same key. A row without a status is a request that runs; its
-- server holds it by a lease.
create table idempotency (
  org_id uuid not null references org on delete cascade,
  actor text not null,
  route text not null,
  key text not null,
  request_hash bytea not null,
  owner uuid not null,
  lease_until timestamptz not null,
  status integer,
  answer bytea,
  created_at timestamptz not null default now(),
  primary key (org_id, actor, route, key)
);
create index idempotency_by_age on idempotency (created_at);

select rapport_secure('idempotency', 'org_id');
