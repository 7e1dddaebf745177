-- What a persona remembers. The statement, its origin and its quotes never change; whatever does is a revision, so what
-- was known on a day is read from the same rows.
create table memory (
  org_id uuid not null,
  id uuid not null,
  client_id uuid,
  persona_id uuid,
  statement bytea not null,
  origin text not null check (origin in ('client', 'inferred', 'staff')),
  references_to jsonb not null default '[]',
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, client_id) references client on delete cascade,
  foreign key (org_id, persona_id) references persona on delete cascade,
  check (num_nonnulls(client_id, persona_id) = 1)
);
create index memory_by_client on memory (org_id, client_id, id desc) where client_id is not null;
create index memory_by_persona on memory (org_id, persona_id, id desc) where persona_id is not null;

-- valid_from null: from ever on; valid_to null: until further notice.
create table memory_revision (
  org_id uuid not null,
  memory_id uuid not null,
  revision integer not null,
  client_id uuid,
  change text not null,
  status text not null check (status in ('proposed', 'approved', 'superseded', 'retired')),
  tags bytea not null,
  sensitivity text not null check (sensitivity in ('normal', 'sensitive')),
  salience integer not null check (salience between 1 and 5),
  valid_from timestamptz,
  valid_to timestamptz,
  approved_by uuid,
  approved_at timestamptz,
  by_kind text not null check (by_kind in ('staff', 'client', 'system')),
  user_id uuid,
  at timestamptz not null default clock_timestamp(),
  primary key (org_id, memory_id, revision),
  foreign key (org_id, memory_id) references memory on delete cascade
);
create index memory_revision_by_client on memory_revision (org_id, client_id) where client_id is not null;
create trigger never_changed before update on memory_revision for each row execute function rapport_never_changed();

-- Word for word, from `start_at` up to `end_at` of the message; the code has looked. It goes with the session.
create table memory_quote (
  org_id uuid not null,
  memory_id uuid not null,
  ordinal integer not null,
  client_id uuid,
  session_id uuid not null,
  message_id uuid not null,
  start_at integer not null,
  end_at integer not null check (end_at > start_at),
  quote bytea not null,
  primary key (org_id, memory_id, ordinal),
  foreign key (org_id, memory_id) references memory on delete cascade,
  foreign key (org_id, session_id) references session on delete cascade
);
create index memory_quote_by_client on memory_quote (org_id, client_id) where client_id is not null;
create index memory_quote_by_session on memory_quote (org_id, session_id);

-- What a reply was given beside the conversation: a memory, or a passage of the reference material.
create table reply_context (
  org_id uuid not null,
  generation_id uuid not null,
  ordinal integer not null,
  session_id uuid not null,
  memory_id uuid,
  passage bytea,
  score real not null,
  primary key (org_id, generation_id, ordinal),
  foreign key (org_id, generation_id) references generation on delete cascade,
  foreign key (org_id, memory_id) references memory on delete cascade,
  check (num_nonnulls(memory_id, passage) = 1)
);
create index reply_context_by_session on reply_context (org_id, session_id);
create index reply_context_by_memory on reply_context (org_id, memory_id) where memory_id is not null;

create table memory_policy (
  org_id uuid primary key references org,
  propose text not null check (propose in ('never', 'rules', 'model')),
  auto_approve boolean not null,
  recall_sensitive boolean not null,
  budget_tokens integer not null check (budget_tokens between 0 and 8000),
  updated_by uuid not null,
  updated_at timestamptz not null default now()
);

-- How somebody is doing is nothing for the planner to keep samples of.
alter table memory_revision alter column sensitivity set statistics 0;
alter table memory alter column statement set statistics 0;
alter table memory alter column references_to set statistics 0;
alter table memory_revision alter column tags set statistics 0;
alter table memory_quote alter column quote set statistics 0;
alter table reply_context alter column passage set statistics 0;

select rapport_secure('memory', 'org_id');
select rapport_secure('memory_revision', 'org_id');
select rapport_secure('memory_quote', 'org_id');
select rapport_secure('reply_context', 'org_id');
select rapport_secure('memory_policy', 'org_id');
