-- What members write down about a client or a session. A note of a session carries its client as well, where there is one:
-- whoever may see the client may then see it without asking the session.
create table note (
  org_id uuid not null,
  id uuid not null,
  client_id uuid,
  session_id uuid,
  kind text not null check (kind in ('shared', 'private', 'psychotherapy')),
  author_id uuid not null,
  body bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, client_id) references client,
  foreign key (org_id, session_id) references session,
  foreign key (org_id, author_id) references app_user,
  check (num_nonnulls(client_id, session_id) > 0)
);
create index note_by_client on note (org_id, client_id, id desc) where client_id is not null;
create index note_by_session on note (org_id, session_id, id desc) where session_id is not null;
alter table note alter column body set statistics 0;
alter table note alter column kind set statistics 0;
select rapport_secure('note', 'org_id');
