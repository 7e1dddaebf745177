-- Files that are kept beside the database, sealed under the organisation's key. `writing`: nothing refers to it yet;
-- `dropped`: nothing refers to it any more, and it is removed as soon as the file store answers.
create table blob (
  org_id uuid not null references org,
  id uuid not null,
  state text not null default 'writing' check (state in ('writing', 'kept', 'dropped')),
  bytes bigint not null default 0,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);
create index blob_loose on blob (created_at) where state <> 'kept';
select rapport_secure('blob', 'org_id');

-- On the table that refers to blobs, so that whatever way a row goes, its file goes too.
create function rapport_drop_blob() returns trigger language plpgsql as $$
begin
  update blob set state = 'dropped' where org_id = old.org_id and id = old.blob_id;
  return null;
end $$;

alter table knowledge_base
  add column description bytea,
  add column language text,
  add column audience text not null default 'organisation' check (audience in ('organisation', 'chosen')),
  add column room_id uuid,
  add column updated_at timestamptz not null default now();
update knowledge_base set room_id = gen_random_uuid();
insert into room (org_id, id, kind) select org_id, room_id, 'knowledge-base' from knowledge_base;
alter table knowledge_base alter column room_id set not null;
alter table knowledge_base add foreign key (org_id, room_id) references room;
create unique index knowledge_base_by_room on knowledge_base (org_id, room_id);

-- Who may read a knowledge base that is not for everybody: a member, or everybody of a team.
create table knowledge_reader (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  user_id uuid,
  team_id uuid,
  reader_id uuid not null generated always as (coalesce(user_id, team_id)) stored,
  primary key (org_id, knowledge_base_id, reader_id),
  foreign key (org_id, knowledge_base_id) references knowledge_base on delete cascade,
  foreign key (org_id, user_id) references app_user on delete cascade,
  foreign key (org_id, team_id) references team on delete cascade,
  check (num_nonnulls(user_id, team_id) = 1)
);
create index knowledge_reader_by_reader on knowledge_reader (org_id, reader_id);
select rapport_secure('knowledge_reader', 'org_id');

create function knowledge_of(org uuid, member uuid) returns table (knowledge_base_id uuid) language sql stable as $$
  select k.id from knowledge_base k where k.org_id = org and k.audience = 'organisation'
  union all
  select r.knowledge_base_id from knowledge_reader r where r.org_id = org and r.reader_id = member
  union all
  select r.knowledge_base_id from knowledge_reader r
  join team_member t on t.org_id = r.org_id and t.team_id = r.reader_id
  where r.org_id = org and t.user_id = member
$$;

-- `version` is the newest, `ready_version` the one that is read and searched: a newer one takes its place when it is ready.
alter table document
  add column folder text not null default '',
  add column tags text[] not null default '{}',
  add column version integer not null default 1,
  add column ready_version integer,
  add column updated_at timestamptz not null default now();

-- The queue of what is to be read, too: a server takes a row, holds it by a lease, and another takes over what it leaves.
create table document_version (
  org_id uuid not null,
  document_id uuid not null,
  version integer not null,
  state text not null check (state in ('queued', 'extracting', 'chunking', 'indexing', 'ready', 'failed')),
  failure text,
  source text not null check (source in ('text', 'file', 'url')),
  origin bytea,
  blob_id uuid,
  bytes bigint not null default 0,
  format text,
  language text,
  length integer not null default 0,
  pages integer[],
  body bytea,
  attempts integer not null default 0,
  owner text,
  lease_until timestamptz,
  created_by uuid,
  created_at timestamptz not null default now(),
  queued_at timestamptz not null default now(),
  primary key (org_id, document_id, version),
  foreign key (org_id, document_id) references document on delete cascade,
  foreign key (org_id, blob_id) references blob
);
create index document_version_queue on document_version (queued_at)
  where state in ('queued', 'extracting', 'chunking', 'indexing');
create index document_version_by_blob on document_version (org_id, blob_id) where blob_id is not null;
select rapport_secure('document_version', 'org_id');
create trigger drop_blob after delete on document_version
  for each row when (old.blob_id is not null) execute function rapport_drop_blob();

insert into document_version (org_id, document_id, version, state, source, bytes, format, length, body, created_at, queued_at)
select org_id, id, 1, 'ready', 'text', length, 'markdown', length, body, created_at, created_at from document;
update document set ready_version = 1;
alter table document drop column body;
