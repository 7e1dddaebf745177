-- A questionnaire that a client was asked to fill in, or that was filled in with them. Answers stand in the sealed column;
-- scores are made of them when they are read.
create table questionnaire (
  org_id uuid not null,
  id uuid not null,
  client_id uuid,
  session_id uuid,
  instrument text not null,
  state text not null check (state in ('asked', 'answered', 'withdrawn')),
  filled_by text check (filled_by in ('client', 'staff')),
  created_by uuid not null,
  created_at timestamptz not null default now(),
  answered_at timestamptz,
  body bytea,
  primary key (org_id, id),
  foreign key (org_id, client_id) references client,
  foreign key (org_id, session_id) references session,
  foreign key (org_id, created_by) references app_user,
  check (num_nonnulls(client_id, session_id) > 0),
  check ((state = 'answered') = (num_nonnulls(body, answered_at, filled_by) = 3))
);
create index questionnaire_by_client on questionnaire (org_id, client_id, id desc) where client_id is not null;
create index questionnaire_by_session on questionnaire (org_id, session_id, id desc) where session_id is not null;
alter table questionnaire alter column body set statistics 0;
alter table questionnaire alter column instrument set statistics 0;
select rapport_secure('questionnaire', 'org_id');

-- An answer can be what a flag is raised on.
alter table risk_flag add column questionnaire_id uuid;
alter table risk_flag drop constraint risk_flag_check;
alter table risk_flag add constraint risk_flag_check check (num_nonnulls(message_id, reply_id, questionnaire_id) = 1);
