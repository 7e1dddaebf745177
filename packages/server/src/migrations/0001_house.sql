-- Every tenant table carries org_id in its primary key and in its foreign keys: a row can never point into another
-- organisation. Columns of type bytea named for content hold what the content codec sealed.

create table org (
  id uuid primary key,
  name text not null,
  allow_titles boolean not null default false,
  created_at timestamptz not null default now()
);

create table app_user (
  org_id uuid not null references org,
  id uuid not null,
  name text not null,
  role text not null,
  password_hash text,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);

create table auth_session (
  org_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  token_hash bytea not null unique,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, user_id) references app_user on delete cascade
);

create table provider (
  org_id uuid not null references org,
  id uuid not null,
  kind text not null,
  label text not null,
  base_url text,
  model text,
  api_key bytea,
  is_default boolean not null default false,
  created_at timestamptz not null default now(),
  deleted_at timestamptz,
  primary key (org_id, id)
);
create unique index provider_one_default on provider (org_id) where is_default and deleted_at is null;

create table price (
  org_id uuid not null references org,
  model text not null,
  input bigint not null,
  output bigint not null,
  cached bigint not null,
  primary key (org_id, model)
);

create table knowledge_base (
  org_id uuid not null references org,
  id uuid not null,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);

-- The counts stand here, where nothing ever changes them, so that a search need not count chunks.
create table document (
  org_id uuid not null,
  id uuid not null,
  knowledge_base_id uuid not null,
  title text not null,
  body bytea not null,
  length integer not null,
  chunk_count integer not null,
  term_count integer not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, knowledge_base_id) references knowledge_base on delete cascade
);
create index document_by_base on document (org_id, knowledge_base_id, id) include (chunk_count, term_count);

create table chunk (
  org_id uuid not null,
  id uuid not null,
  document_id uuid not null,
  ordinal integer not null,
  heading_path text[] not null default '{}',
  start_offset integer not null,
  end_offset integer not null,
  body bytea not null,
  primary key (org_id, id),
  foreign key (org_id, document_id) references document on delete cascade
);
create index chunk_by_document on chunk (org_id, document_id, ordinal);

-- Stemmed terms stand in clear, because they are what is searched. chunk_terms is the length of the chunk: with it a
-- search is scored from the index alone.
create table posting (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  term text not null,
  chunk_id uuid not null,
  frequency real not null,
  chunk_terms integer not null,
  primary key (org_id, knowledge_base_id, term, chunk_id) include (frequency, chunk_terms),
  foreign key (org_id, chunk_id) references chunk on delete cascade
);
create index posting_by_chunk on posting (org_id, chunk_id);

create table persona (
  org_id uuid not null references org,
  id uuid not null,
  name text not null,
  draft bytea not null,
  draft_changed boolean not null default true,
  published_version integer,
  archived boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id)
);

create table persona_version (
  org_id uuid not null,
  persona_id uuid not null,
  version integer not null,
  spec bytea not null,
  published_at timestamptz not null default now(),
  published_by uuid not null,
  primary key (org_id, persona_id, version),
  foreign key (org_id, persona_id) references persona
);

create table client (
  org_id uuid not null references org,
  id uuid not null,
  name text not null,
  profile bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id)
);

-- epoch changes when a log is restored from a backup, so that readers with a cursor from the future start anew.
create table room (
  org_id uuid not null references org,
  id uuid not null,
  kind text not null,
  seq bigint not null default 0,
  floor_seq bigint not null default 0,
  epoch integer not null default 1,
  primary key (org_id, id)
);
create unique index room_by_id on room (id);

create table event (
  org_id uuid not null,
  room_id uuid not null,
  seq bigint not null,
  id uuid not null,
  type text not null,
  audience text not null check (audience in ('all', 'staff')),
  actor jsonb not null,
  data bytea not null,
  at timestamptz not null default clock_timestamp(),
  primary key (org_id, room_id, seq),
  foreign key (org_id, room_id) references room on delete cascade
);

create table session (
  org_id uuid not null,
  id uuid not null,
  room_id uuid not null,
  title text not null,
  status text not null default 'active' check (status in ('active', 'paused', 'ended')),
  policy text not null,
  persona_policy text not null,
  taken_over_by uuid,
  persona_id uuid not null,
  persona_version integer not null,
  persona_name text not null,
  persona_role text not null,
  client_id uuid,
  client_name text,
  alias text,
  client_joined boolean not null default false,
  engine jsonb,
  message_count integer not null default 0,
  summary bytea,
  summary_through bigint not null default 0,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  last_activity_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, room_id) references room,
  foreign key (org_id, persona_id, persona_version) references persona_version,
  foreign key (org_id, client_id) references client,
  unique (org_id, room_id)
);
create index session_by_activity on session (org_id, last_activity_at desc, id desc);
create index session_by_client on session (org_id, client_id) where client_id is not null;

create table generation (
  org_id uuid not null,
  id uuid not null,
  session_id uuid not null,
  room_id uuid not null,
  audience text not null,
  status text not null check (status in ('running', 'completed', 'stopped', 'interrupted', 'failed')),
  reply_to uuid,
  replaces uuid,
  engine jsonb not null,
  owner text not null,
  epoch integer not null default 1,
  lease_until timestamptz not null,
  stop_requested boolean not null default false,
  length integer not null default 0,
  usage jsonb,
  cost_micro_usd bigint,
  first_token_ms integer,
  duration_ms integer,
  fault text,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, session_id) references session
);
create index generation_by_session on generation (org_id, session_id, started_at desc);
create index generation_running on generation (lease_until) where status = 'running';
create unique index generation_one_running on generation (org_id, session_id) where status = 'running';

create table token_log (
  org_id uuid not null,
  generation_id uuid not null,
  start_offset integer not null,
  body bytea not null,
  primary key (org_id, generation_id, start_offset),
  foreign key (org_id, generation_id) references generation on delete cascade
);

create table message (
  org_id uuid not null,
  session_id uuid not null,
  seq bigint not null,
  id uuid not null,
  author text not null check (author in ('client', 'persona', 'staff')),
  body bytea not null,
  reply_id uuid,
  reply_status text,
  engine jsonb,
  citations bytea,
  superseded boolean not null default false,
  idempotency_key text,
  idempotency_hash bytea,
  created_at timestamptz not null default now(),
  primary key (org_id, session_id, seq),
  foreign key (org_id, session_id) references session,
  unique (org_id, id)
);
create unique index message_idempotency on message (org_id, session_id, idempotency_key) where idempotency_key is not null;

create table guidance (
  org_id uuid not null,
  session_id uuid not null,
  id uuid not null,
  seq bigint not null,
  body bytea not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, session_id) references session
);
create index guidance_by_session on guidance (org_id, session_id, seq);

create table invitation (
  org_id uuid not null,
  id uuid not null,
  session_id uuid not null,
  token_hash bytea not null unique,
  alias text,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, session_id) references session
);
create index invitation_by_session on invitation (org_id, session_id);

create table access_token (
  org_id uuid not null,
  id uuid not null,
  invitation_id uuid not null,
  session_id uuid not null,
  token_hash bytea not null unique,
  alias text,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, invitation_id) references invitation
);
