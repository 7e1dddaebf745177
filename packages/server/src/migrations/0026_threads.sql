-- Folders in which an organisation keeps its threads: a tree of names, without a word about anybody.
create table thread_folder (
  org_id uuid not null references org,
  id uuid not null,
  parent_id uuid,
  name text not null,
  revision integer not null default 0,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, parent_id) references thread_folder,
  foreign key (org_id, created_by) references app_user,
  check (parent_id is distinct from id)
);
create index thread_folder_by_parent on thread_folder (org_id, parent_id) where parent_id is not null;

-- A line of work with a client over several sessions. Name, description, stage and tags stand in the sealed column.
create table thread (
  org_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  folder_id uuid,
  body bytea not null,
  tag_hashes bytea[] not null default '{}',
  status text not null check (status in ('open', 'paused', 'done')),
  goal_ids uuid[] not null default '{}',
  revision integer not null default 0,
  created_by uuid not null,
  changed_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  -- What points at a thread is of the same client.
  unique (org_id, client_id, id),
  foreign key (org_id, client_id) references client,
  foreign key (org_id, folder_id) references thread_folder,
  foreign key (org_id, created_by) references app_user,
  foreign key (org_id, changed_by) references app_user
);
create index thread_by_client on thread (org_id, client_id, id desc);
create index thread_by_folder on thread (org_id, folder_id) where folder_id is not null;
create index thread_by_tag on thread using gin (tag_hashes);

alter table session add column thread_id uuid;
alter table session add foreign key (org_id, client_id, thread_id) references thread (org_id, client_id, id);
alter table session add check (thread_id is null or client_id is not null);
create index session_by_thread on session (org_id, thread_id) where thread_id is not null;

-- What is remembered of a thread is remembered of its client, too, and told in the thread's sessions alone.
alter table memory add column thread_id uuid;
alter table memory add foreign key (org_id, client_id, thread_id) references thread (org_id, client_id, id);
alter table memory add check (thread_id is null or client_id is not null);
alter table memory add unique (org_id, client_id, id);
create index memory_by_thread on memory (org_id, thread_id, id desc) where thread_id is not null;

-- Other memories of the client that a thread refers to.
create table thread_memory (
  org_id uuid not null,
  thread_id uuid not null,
  memory_id uuid not null,
  client_id uuid not null,
  added_by uuid not null,
  added_at timestamptz not null default now(),
  primary key (org_id, thread_id, memory_id),
  foreign key (org_id, client_id, thread_id) references thread (org_id, client_id, id) on delete cascade,
  foreign key (org_id, client_id, memory_id) references memory (org_id, client_id, id) on delete cascade
);
create index thread_memory_by_client on thread_memory (org_id, client_id);
create index thread_memory_by_memory on thread_memory (org_id, memory_id);

alter table thread alter column body set statistics 0;
alter table thread alter column tag_hashes set statistics 0;
alter table thread alter column status set statistics 0;

select rapport_secure('thread_folder', 'org_id');
select rapport_secure('thread', 'org_id');
select rapport_secure('thread_memory', 'org_id');
