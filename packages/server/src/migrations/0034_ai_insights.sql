-- A report on a thread is one on its client, too: caseload, export and erasure ask for the client.
alter table report add column thread_id uuid;
alter table report add foreign key (org_id, client_id, thread_id) references thread (org_id, client_id, id);
alter table report add check (thread_id is null or client_id is not null);
create index report_by_thread on report (org_id, thread_id, id desc) where thread_id is not null;

-- What a model was last asked about a session, about a client over their sessions, or about a thread. What it said stands
-- in the parts, which go with the session that they quote.
create table ai_insight (
  org_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('summary', 'tone')),
  session_id uuid,
  client_id uuid,
  thread_id uuid,
  engine jsonb not null,
  left_out integer not null,
  asked_by uuid not null,
  asked_at timestamptz not null default now(),
  primary key (org_id, id),
  unique nulls not distinct (org_id, kind, session_id, client_id, thread_id),
  foreign key (org_id, session_id) references session on delete cascade,
  foreign key (org_id, client_id) references client on delete cascade,
  foreign key (org_id, client_id, thread_id) references thread (org_id, client_id, id) on delete cascade,
  foreign key (org_id, asked_by) references app_user,
  check (num_nonnulls(session_id, client_id) = 1),
  check (thread_id is null or client_id is not null),
  check (kind <> 'tone' or session_id is not null)
);
create table ai_insight_part (
  org_id uuid not null,
  insight_id uuid not null,
  number integer not null,
  session_id uuid not null,
  body bytea not null,
  primary key (org_id, insight_id, number),
  foreign key (org_id, insight_id) references ai_insight on delete cascade,
  foreign key (org_id, session_id) references session on delete cascade
);
create index ai_insight_part_by_session on ai_insight_part (org_id, session_id);
alter table ai_insight alter column kind set statistics 0;
alter table ai_insight_part alter column body set statistics 0;
select rapport_secure('ai_insight', 'org_id');
select rapport_secure('ai_insight_part', 'org_id');

-- Whether a model may be asked how a client seems to feel.
alter table safety_setting add column emotion_inference boolean not null default false;
