-- Knowledge bases whose vectors are searched over an index of pgvector. The index itself stands in the schema `derived`, which
-- the server makes where the extension is there and the administrator wants it, and is filled from the sealed vectors.
create table vector_index (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  space text not null,
  dimensions integer not null,
  -- Sealed vectors up to this stamp were copied. Those that are made later are copied in the transaction that makes them.
  stamp bigint not null default 0,
  ready boolean not null default false,
  primary key (org_id, knowledge_base_id),
  foreign key (org_id, knowledge_base_id) references knowledge_base on delete cascade
);
select rapport_secure('vector_index', 'org_id');
