-- Whom an erasure, a hold or a request is about: a client, or a session that was held with nobody on record.
-- A hold keeps what is stored of somebody from being erased, until it is lifted.
create table legal_hold (
  org_id uuid not null references org,
  id uuid not null,
  client_id uuid,
  session_id uuid,
  reason bytea not null,
  placed_by uuid not null,
  placed_at timestamptz not null default now(),
  lifted_by uuid,
  lifted_at timestamptz,
  lift_reason bytea,
  primary key (org_id, id),
  foreign key (org_id, client_id) references client on delete cascade,
  foreign key (org_id, session_id) references session on delete cascade,
  check (num_nonnulls(client_id, session_id) = 1)
);
create index legal_hold_by_client on legal_hold (org_id, client_id);
create index legal_hold_by_session on legal_hold (org_id, session_id);
select rapport_secure('legal_hold', 'org_id');

create table erasure_request (
  org_id uuid not null references org,
  id uuid not null,
  client_id uuid,
  session_id uuid,
  status text not null default 'open' check (status in ('open', 'withdrawn', 'declined')),
  answer bytea,
  created_at timestamptz not null default now(),
  decided_by uuid,
  decided_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, client_id) references client on delete cascade,
  foreign key (org_id, session_id) references session on delete cascade,
  check (num_nonnulls(client_id, session_id) = 1)
);
create unique index erasure_request_one_open on erasure_request (org_id, coalesce(client_id, session_id)) where status = 'open';
select rapport_secure('erasure_request', 'org_id');

-- Outlives whom it was about, so it names them by id alone. `erased`: the rows and the key are gone, the files and the
-- receipt are still to come.
create table erasure (
  org_id uuid not null references org,
  id uuid not null,
  subject_kind text not null check (subject_kind in ('client', 'session')),
  subject_id uuid not null,
  status text not null default 'running' check (status in ('running', 'refused', 'erased', 'done')),
  requested_by uuid not null,
  started_at timestamptz not null default now(),
  touched_at timestamptz not null default now(),
  erased_at timestamptz,
  counts jsonb,
  receipt text,
  primary key (org_id, id)
);
create unique index erasure_one_running on erasure (org_id, subject_kind, subject_id) where status in ('running', 'erased');
select rapport_secure('erasure', 'org_id');

-- What was erased, for whoever restores an older copy of the database. Each entry's hash covers the one before it.
create table deletion_ledger (
  org_id uuid not null,
  seq bigint not null,
  erasure_id uuid not null,
  subject_kind text not null check (subject_kind in ('client', 'session')),
  subject_id uuid not null,
  at text not null,
  hash text not null,
  primary key (org_id, seq)
);
select rapport_secure('deletion_ledger', 'org_id');

-- Signs receipts. The private half is sealed under the organisation's key.
create table signing_key (
  org_id uuid not null references org,
  id uuid not null,
  public_key text not null,
  private_key bytea not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);
select rapport_secure('signing_key', 'org_id');

-- Which archive was imported, so that sending it again makes nobody twice.
create table person_import (
  org_id uuid not null references org,
  archive_hash bytea not null,
  client_id uuid not null,
  imported_by uuid not null,
  imported_at timestamptz not null default now(),
  primary key (org_id, archive_hash),
  foreign key (org_id, client_id) references client on delete cascade
);
select rapport_secure('person_import', 'org_id');

-- The planner's samples of a column outlive the rows they were taken from: none are taken of what names people, of what
-- is sealed, and of keys. Naming the type anew drops the samples there are. Called after every change of the tables.
create function rapport_take_no_samples() returns void language plpgsql as $$
declare of record;
begin
  for of in
    select a.attrelid::regclass as target, quote_ident(a.attname) as name, format_type(a.atttypid, a.atttypmod) as type
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
      and a.attstattarget is distinct from 0
      and (a.atttypid = 'bytea'::regtype
        or (c.relname, a.attname) in (('client', 'name'), ('session', 'title'), ('session', 'client_name'),
          ('session', 'alias'), ('event', 'actor'), ('invitation', 'alias'), ('access_token', 'alias')))
  loop
    execute format('alter table %s alter column %s type %s', of.target, of.name, of.type);
    execute format('alter table %s alter column %s set statistics 0', of.target, of.name);
  end loop;
end $$;
