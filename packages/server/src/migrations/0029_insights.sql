-- What a session looks like among the others of its client, counted once from its log: as far as `through_seq`, by the
-- rules of `version`. It can be made anew from the log at any time.
create table session_digest (
  org_id uuid not null,
  session_id uuid not null,
  version integer not null,
  through_seq bigint not null,
  body bytea not null,
  primary key (org_id, session_id),
  foreign key (org_id, session_id) references session on delete cascade
);
alter table session_digest alter column body set statistics 0;
select rapport_secure('session_digest', 'org_id');

-- A person can be called for a client who has no session: answers that the team enters may give reason to worry.
alter table risk_flag alter column session_id drop not null;
alter table risk_flag add column client_id uuid;
alter table risk_flag add foreign key (org_id, client_id) references client on delete cascade;
alter table risk_flag add check (num_nonnulls(session_id, client_id) = 1);
create index risk_flag_by_client on risk_flag (org_id, client_id) where client_id is not null;
alter table escalation alter column session_id drop not null;
alter table escalation add column client_id uuid;
alter table escalation add foreign key (org_id, client_id) references client on delete cascade;
alter table escalation add check (num_nonnulls(session_id, client_id) = 1);
create unique index escalation_one_open_of_client on escalation (org_id, client_id)
  where status = 'open' and client_id is not null;
create index escalation_by_client on escalation (org_id, client_id) where client_id is not null;
