-- Which provider makes vectors, and with which of its models: one in an organisation, since those of two cannot be compared.
alter table provider add column embedding_model text;
create unique index provider_one_embedder on provider (org_id) where embedding_model is not null;

-- The space in which the chunks of a part stand as vectors; null: in none yet.
alter table index_part add column vector_space text;
alter table index_part add column vector_failures integer not null default 0;
create index index_part_by_space on index_part (org_id, vector_space);

-- The vectors of a part of the index, one after the other, 32-bit, each of length 1. A vector tells much of its text, so they
-- are sealed. They go with the part, in the transaction in which it goes.
create table chunk_vectors (
  org_id uuid not null,
  id uuid not null,
  knowledge_base_id uuid not null,
  segment integer not null,
  first_slot integer not null,
  chunks integer not null,
  space text not null,
  dimensions integer not null,
  -- Given out in the order of the commits in a base, so that a reader who knows one lacks the later ones only.
  stamp bigint generated always as identity,
  vectors bytea not null,
  primary key (org_id, id),
  unique (org_id, knowledge_base_id, segment, first_slot),
  foreign key (org_id, knowledge_base_id, segment, first_slot) references index_part on delete cascade
);
-- Sealed bytes do not compress, and trying costs time.
alter table chunk_vectors alter column vectors set storage external;
create index chunk_vectors_by_stamp on chunk_vectors (org_id, knowledge_base_id, space, stamp);
select rapport_secure('chunk_vectors', 'org_id');

-- Whose turn it is to make vectors in an organisation, and when to try again after the provider failed.
create table embedding_turn (
  org_id uuid primary key references org,
  owner text,
  lease_until timestamptz,
  failures integer not null default 0,
  failure text,
  retry_at timestamptz
);
select rapport_secure('embedding_turn', 'org_id');
