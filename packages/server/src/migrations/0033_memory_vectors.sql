-- What may be recalled by its meaning: a row for each memory that is approved, with its vector once there is one, 32-bit, of
-- length 1. It tells much of the statement, so it is sealed as that is. `space`: where it stands; null: nowhere yet.
create table memory_vector (
  org_id uuid not null,
  memory_id uuid not null,
  client_id uuid,
  space text,
  dimensions integer,
  vector bytea,
  failures integer not null default 0,
  -- Not before: it failed, or may not be sent for now.
  retry_at timestamptz,
  primary key (org_id, memory_id),
  foreign key (org_id, memory_id) references memory on delete cascade,
  check (num_nonnulls(space, dimensions, vector) in (0, 3))
);
alter table memory_vector alter column vector set storage external;
alter table memory_vector alter column vector set statistics 0;
create index memory_vector_by_space on memory_vector (org_id, space);
create index memory_vector_by_client on memory_vector (org_id, client_id) where client_id is not null;
select rapport_secure('memory_vector', 'org_id');

insert into memory_vector (org_id, memory_id, client_id)
select m.org_id, m.id, m.client_id from memory m
  join memory_revision r on r.org_id = m.org_id and r.memory_id = m.id and r.revision = m.revision
where r.status = 'approved';

-- Passages and memories wait apart: what fails for one does not hold up the other.
alter table embedding_turn add column work text not null default 'passages';
alter table embedding_turn alter column work drop default;
alter table embedding_turn drop constraint embedding_turn_pkey;
alter table embedding_turn add primary key (org_id, work);

-- By what a memory was found for a reply; null: not known, or a passage.
alter table reply_context add column found_by text check (found_by in ('words', 'meaning', 'both'));
