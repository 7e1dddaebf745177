-- Who did what to which record, as a hash chain per organisation. Only ids and codes of the catalogue fit into an entry. Rows
-- are added and read, never changed; what is too old goes through audit_trim, which wants a signed stub in its place.

create function rapport_only_appended() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('rapport.audit_trim', true) = 'on' then return old; end if;
  raise exception 'rows of % are added and read only', tg_table_name using errcode = '42501';
end $$;

-- The trigger's name is what the making of the server's login looks for: it gets select and insert, nothing else.
create function rapport_append_only(target regclass) returns void language plpgsql as $$
begin
  execute format(
    'create trigger append_only before update or delete on %s for each row execute function rapport_only_appended()', target);
  execute format(
    'create trigger append_only_truncate before truncate on %s for each statement execute function rapport_only_appended()', target);
end $$;

create table audit_entry (
  org_id uuid not null references org,
  seq bigint not null check (seq > 0),
  at timestamptz not null,
  actor_kind text not null check (actor_kind in ('staff', 'client', 'system', 'nobody')),
  actor_id uuid,
  -- The API key that the member acted through.
  actor_key uuid,
  act text not null check (act ~ '^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*$' and length(act) <= 60),
  subject_kinds text[] not null,
  subject_ids uuid[] not null check (cardinality(subject_ids) = cardinality(subject_kinds)),
  outcome text not null check (outcome ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(outcome) <= 60),
  prev bytea not null check (length(prev) = 32),
  hash bytea not null check (length(hash) = 32),
  primary key (org_id, seq)
);
create index audit_entry_subjects on audit_entry using gin (subject_ids);
create index audit_entry_actor on audit_entry (org_id, actor_id, seq);
create index audit_entry_act on audit_entry (org_id, act, seq);

-- Signs checkpoints; the private half is sealed like content.
create table audit_key (
  org_id uuid not null references org,
  id text not null,
  public_key bytea not null,
  private_key bytea not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);

create table audit_checkpoint (
  org_id uuid not null references org,
  n bigint not null check (n > 0),
  at timestamptz not null,
  from_seq bigint not null,
  to_seq bigint not null check (to_seq >= from_seq),
  head bytea not null,
  root bytea not null,
  prev bytea not null,
  key_id text not null,
  signature bytea not null,
  primary key (org_id, n),
  foreign key (org_id, key_id) references audit_key (org_id, id)
);

create table audit_shipment (
  org_id uuid not null,
  n bigint not null,
  sink text not null,
  at timestamptz not null default now(),
  primary key (org_id, n, sink),
  foreign key (org_id, n) references audit_checkpoint (org_id, n)
);

-- Stands for entries that retention has taken away: up to which, and the hash that the next one goes on from.
create table audit_stub (
  org_id uuid not null references org,
  through_seq bigint not null,
  at timestamptz not null,
  hash bytea not null,
  key_id text not null,
  signature bytea not null,
  primary key (org_id, through_seq),
  foreign key (org_id, key_id) references audit_key (org_id, id)
);

select rapport_secure(t::regclass, 'org_id'), rapport_append_only(t::regclass)
from unnest(array['audit_entry', 'audit_key', 'audit_checkpoint', 'audit_shipment', 'audit_stub']) t;

create function audit_trim(org uuid, through bigint) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  gone bigint;
begin
  if not exists (select 1 from audit_stub s where s.org_id = org and s.through_seq = through) then
    raise exception 'there is no stub for this' using errcode = '42501';
  end if;
  perform set_config('rapport.audit_trim', 'on', true);
  delete from audit_entry e where e.org_id = org and e.seq <= through;
  get diagnostics gone = row_count;
  perform set_config('rapport.audit_trim', 'off', true);
  return gone;
end $$;

-- Access for a while, with a reason, to a client outside one's caseload. The reason is sealed under the client's key.
create table break_glass (
  org_id uuid not null references org,
  id uuid not null,
  user_id uuid not null,
  client_id uuid not null,
  reason bytea not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  ended_at timestamptz,
  ended_by uuid,
  primary key (org_id, id),
  foreign key (org_id, user_id) references app_user (org_id, id) on delete cascade,
  foreign key (org_id, client_id) references client (org_id, id) on delete cascade
);
create index break_glass_open on break_glass (org_id, user_id, client_id, expires_at);
create index break_glass_client on break_glass (org_id, client_id);
select rapport_secure('break_glass', 'org_id');

-- The caseload rule counts an open access like an assignment.
create or replace function caseload_of(org uuid, member uuid) returns table (client_id uuid) language sql stable as $$
  select a.client_id from client_assignment a where a.org_id = org and a.holder_id = member
  union all
  select a.client_id from client_assignment a
  join team_member t on t.org_id = a.org_id and t.team_id = a.holder_id
  where a.org_id = org and t.user_id = member
  union all
  select b.client_id from break_glass b
  where b.org_id = org and b.user_id = member and b.ended_at is null and b.expires_at > now()
$$;
