-- Consent, retention, de-identified exports, and which model provider may process what clients say.

-- One version of a purpose's text in each of its languages. Version 0 is the house's own text, which is not stored.
create table consent_text (
  org_id uuid not null references org,
  purpose text not null,
  version integer not null check (version > 0),
  language text not null,
  body bytea not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  primary key (org_id, purpose, version, language)
);

-- No row: the purpose is not asked for, and no feature waits for it. What was agreed to before valid_from is asked anew.
create table consent_setting (
  org_id uuid not null references org,
  purpose text not null,
  asked boolean not null,
  valid_from integer not null default 0,
  updated_by uuid not null,
  updated_at timestamptz not null default now(),
  primary key (org_id, purpose)
);

-- What somebody said, never changed afterwards: the newest record of a purpose holds. It is about a client, or about
-- whoever joined a session that has no client.
create table consent_record (
  org_id uuid not null,
  id uuid not null,
  number bigint generated always as identity,
  client_id uuid,
  session_id uuid,
  purpose text not null,
  given boolean not null,
  text_version integer not null,
  language text not null,
  method text not null check (method in ('chat', 'paper', 'import')),
  recorded_by uuid,
  note bytea,
  said_at timestamptz not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (org_id, id),
  check (num_nonnulls(client_id, session_id) = 1),
  foreign key (org_id, client_id) references client on delete cascade,
  foreign key (org_id, session_id) references session on delete cascade
);
create index consent_record_by_client on consent_record (org_id, client_id, purpose, number desc) where client_id is not null;
create index consent_record_by_session on consent_record (org_id, session_id, purpose, number desc) where session_id is not null;

create function rapport_never_changed() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are never changed', tg_table_name;
end $$;
create trigger never_changed before update on consent_record for each row execute function rapport_never_changed();
create trigger never_changed before update on consent_text for each row execute function rapport_never_changed();

-- Whether what clients say may be sent to a provider. Where it runs on this machine nobody is asked.
alter table provider add column approval text not null default 'unanswered'
  check (approval in ('unanswered', 'approved', 'refused'));
alter table provider add column agreement_note text not null default '';
alter table provider add column agreed_on date;
alter table provider add column decided_by uuid;
alter table provider add column decided_at timestamptz;
-- An organisation from before there was an answer goes on as it did until it switches this on.
alter table org add column require_approval boolean not null default false;
alter table org alter column require_approval set default true;

-- Who answers for the processing, for the record of it.
create table privacy_profile (
  org_id uuid primary key references org,
  controller text not null default '',
  contact text not null default '',
  officer text not null default ''
);

-- days null: kept for good. The lease says which server is at it.
create table retention_rule (
  org_id uuid not null references org,
  category text not null,
  days integer check (days between 1 and 36500),
  updated_by uuid not null,
  updated_at timestamptz not null default now(),
  next_run_at timestamptz not null default now(),
  lease_owner uuid,
  lease_until timestamptz,
  primary key (org_id, category)
);
create index retention_rule_due on retention_rule (next_run_at) where days is not null;

create table retention_run (
  org_id uuid not null,
  id uuid not null,
  category text not null,
  days integer not null,
  deleted integer not null default 0,
  held integer not null default 0,
  failure text,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, category) references retention_rule on delete cascade
);
create index retention_run_newest on retention_run (org_id, id desc);

create table deid_export (
  org_id uuid not null references org,
  id uuid not null,
  form text not null check (form in ('anonymised', 'pseudonymised')),
  purpose text not null check (purpose in ('research', 'sharing')),
  status text not null default 'waiting' check (status in ('waiting', 'approved', 'rejected')),
  left_out integer not null default 0,
  created_by uuid not null,
  created_by_name text not null,
  created_at timestamptz not null default now(),
  reviewed_by uuid,
  reviewed_by_name text,
  reviewed_at timestamptz,
  remark text not null default '',
  check (reviewed_by is distinct from created_by),
  primary key (org_id, id)
);

-- One session of an export, sealed for whom the session is about; it goes with the session.
create table deid_item (
  org_id uuid not null,
  export_id uuid not null,
  ordinal integer not null,
  session_id uuid not null,
  body bytea not null,
  primary key (org_id, export_id, ordinal),
  foreign key (org_id, export_id) references deid_export on delete cascade,
  foreign key (org_id, session_id) references session on delete cascade
);
create index deid_item_by_session on deid_item (org_id, session_id);

select rapport_secure('consent_text', 'org_id');
select rapport_secure('consent_setting', 'org_id');
select rapport_secure('consent_record', 'org_id');
select rapport_secure('privacy_profile', 'org_id');
select rapport_secure('retention_rule', 'org_id');
select rapport_secure('retention_run', 'org_id');
select rapport_secure('deid_export', 'org_id');
select rapport_secure('deid_item', 'org_id');

create index access_token_by_invitation on access_token (org_id, invitation_id);
