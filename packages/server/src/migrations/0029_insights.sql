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
