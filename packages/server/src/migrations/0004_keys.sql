-- Keys that content is sealed under, themselves wrapped: an organisation's by a master key that is not in the database, a
-- person's by the organisation's. Destroying a person's keys makes unreadable what was sealed for them, wherever it lies.

create table data_key (
  org_id uuid not null references org,
  holder_id uuid not null,
  version integer not null,
  wrapped_by text not null,
  wrapped bytea,
  created_at timestamptz not null default now(),
  destroyed_at timestamptz,
  primary key (org_id, holder_id, version)
);
select rapport_secure('data_key', 'org_id');

-- Whom the content of a room is about; null: nobody in particular, so the organisation's key seals it.
alter table room add column subject_id uuid;
update room r set subject_id = s.client_id from session s where s.org_id = r.org_id and s.room_id = r.id;
