-- What became of each sentence of a reply that cited something; sealed like the message.
alter table message add column claims bytea;

-- Questions with the answer that people approved for them: taken before any passage. The terms are hashed like those of the
-- index. One that was revoked stays as the record of who approved and who revoked it, and answers nothing.
create table curated_answer (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  id uuid not null,
  question bytea not null,
  answer bytea not null,
  terms bigint[] not null,
  language text not null,
  origin text not null check (origin in ('hand', 'reply')),
  approved_by uuid not null,
  approved_at timestamptz not null default now(),
  revoked_by uuid,
  revoked_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, knowledge_base_id) references knowledge_base on delete cascade,
  check ((revoked_by is null) = (revoked_at is null))
);
create index curated_answer_by_base on curated_answer (org_id, knowledge_base_id, id);
create index curated_answer_by_terms on curated_answer using gin (terms) where revoked_at is null;
select rapport_secure('curated_answer', 'org_id');

-- A saved set of questions with the documents that should answer them; sealed as one.
create table evaluation (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  id uuid not null,
  name text not null,
  questions bytea not null,
  revision integer not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, knowledge_base_id) references knowledge_base on delete cascade
);
create index evaluation_by_base on evaluation (org_id, knowledge_base_id, id);
select rapport_secure('evaluation', 'org_id');

-- Runs of it, which are their own queue: one waits at a time, and is held by a lease while it is made.
create table evaluation_run (
  org_id uuid not null,
  evaluation_id uuid not null,
  id uuid not null,
  cause text not null check (cause in ('hand', 'change', 'publish')),
  state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
  questions integer,
  recall real,
  mrr real,
  results bytea,
  attempts integer not null default 0,
  owner text,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, evaluation_id) references evaluation on delete cascade
);
create index evaluation_run_newest on evaluation_run (org_id, evaluation_id, id desc);
create unique index evaluation_run_one_waits on evaluation_run (org_id, evaluation_id) where state = 'queued';
create index evaluation_run_queue on evaluation_run (created_at) where state in ('queued', 'running');
select rapport_secure('evaluation_run', 'org_id');
