-- The persona is silent from a grave message on, until somebody of the team hands the session back.
alter table session add column escalated boolean not null default false;
-- When the client was last told that an AI answers.
alter table session add column disclosed_at timestamptz;

-- What the risk gate found in a message or a reply. The words stand in the sealed column alone.
create table risk_flag (
  org_id uuid not null,
  id uuid not null,
  session_id uuid not null,
  message_id uuid,
  reply_id uuid,
  level text not null check (level in ('low', 'elevated', 'high')),
  category text not null,
  findings bytea not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, session_id) references session on delete cascade,
  check (num_nonnulls(message_id, reply_id) = 1)
);
create index risk_flag_by_session on risk_flag (org_id, session_id, id desc);
create index risk_flag_by_message on risk_flag (org_id, message_id) where message_id is not null;

-- A person is wanted. `next_page_at` is when somebody is written to again; null: no more.
create table escalation (
  org_id uuid not null,
  id uuid not null,
  session_id uuid not null,
  kind text not null check (kind in ('risk', 'asked', 'reply')),
  status text not null default 'open' check (status in ('open', 'acknowledged', 'resolved')),
  category text,
  level text,
  flag_id uuid,
  language text not null,
  raised_at timestamptz not null default now(),
  due_at timestamptz not null,
  next_page_at timestamptz,
  pages integer not null default 0,
  fallback_at timestamptz,
  missed_at timestamptz,
  acknowledged_by uuid,
  acknowledged_at timestamptz,
  resolved_by uuid,
  resolved_at timestamptz,
  note bytea,
  primary key (org_id, id),
  foreign key (org_id, session_id) references session on delete cascade,
  foreign key (org_id, flag_id) references risk_flag,
  foreign key (org_id, acknowledged_by) references app_user,
  foreign key (org_id, resolved_by) references app_user
);
create unique index escalation_one_open on escalation (org_id, session_id, kind) where status = 'open';
create index escalation_due on escalation (next_page_at) where status = 'open' and next_page_at is not null;
create index escalation_newest on escalation (org_id, id desc);
create index escalation_by_session on escalation (org_id, session_id);
create index escalation_by_flag on escalation (org_id, flag_id) where flag_id is not null;

-- Each time the team was written to; a number is taken once, whatever server takes it.
create table escalation_page (
  org_id uuid not null,
  escalation_id uuid not null,
  number integer not null,
  fallback boolean not null,
  at timestamptz not null default now(),
  primary key (org_id, escalation_id, number),
  foreign key (org_id, escalation_id) references escalation on delete cascade
);

create table safety_setting (
  org_id uuid primary key references org,
  ack_seconds integer not null,
  page_seconds integer not null,
  max_pages integer not null,
  fallback_email text,
  disclosure_minutes integer,
  language text not null,
  second_opinion boolean not null,
  updated_by uuid not null,
  updated_at timestamptz not null default now()
);

-- One version of a fixed text in each of its languages. Version 0 is the house's own, which is not stored.
create table safety_text (
  org_id uuid not null references org,
  kind text not null,
  version integer not null check (version > 0),
  language text not null,
  body text not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  primary key (org_id, kind, version, language)
);
create trigger never_changed before update on safety_text for each row execute function rapport_never_changed();

-- How somebody is doing is nothing for the planner to keep samples of.
alter table risk_flag alter column level set statistics 0;
alter table risk_flag alter column category set statistics 0;
alter table escalation alter column level set statistics 0;
alter table escalation alter column category set statistics 0;

select rapport_secure('risk_flag', 'org_id');
select rapport_secure('escalation', 'org_id');
select rapport_secure('escalation_page', 'org_id');
select rapport_secure('safety_setting', 'org_id');
select rapport_secure('safety_text', 'org_id');
