-- The search index of knowledge: lists of occurrences by term instead of a row for each. A segment numbers up to 1,024
-- chunks of a base (slots); a posting holds the occurrences of one term in one segment, sorted, four bytes each:
-- slot (12 bits), heading (1), position (11), length of the chunk (8). Terms are hashed under a key of the organisation.
drop table posting;

create table index_segment (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  number integer not null,
  -- Of all its chunks.
  language text not null,
  -- Given out so far; chunks and words are what lives.
  slots integer not null default 0,
  chunks integer not null default 0,
  words bigint not null default 0,
  primary key (org_id, knowledge_base_id, number),
  foreign key (org_id, knowledge_base_id) references knowledge_base on delete cascade
);

create table posting (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  term bigint not null,
  segment integer not null,
  chunks integer not null,
  hits bytea not null,
  primary key (org_id, knowledge_base_id, term, segment),
  foreign key (org_id, knowledge_base_id) references knowledge_base on delete cascade
) with (fillfactor = 80);
-- Sorted numbers do not compress, and trying costs time.
alter table posting alter column hits set storage external;

-- Where the chunks of a document stand in the index, and under which terms: what it takes to remove it again.
create table index_part (
  org_id uuid not null,
  knowledge_base_id uuid not null,
  segment integer not null,
  first_slot integer not null,
  document_id uuid not null,
  first_ordinal integer not null,
  chunks integer not null,
  words integer not null,
  terms bigint[] not null,
  primary key (org_id, knowledge_base_id, segment, first_slot),
  foreign key (org_id, knowledge_base_id, segment) references index_segment on delete cascade,
  foreign key (org_id, document_id) references document on delete cascade
);
create index index_part_by_document on index_part (org_id, document_id);

-- In the database, because a document may go in many ways, by a cascade too, and nothing of it may stay behind.
create function index_part_removed() returns trigger language plpgsql as $$
begin
  -- With its base everything goes.
  if not exists (select 1 from knowledge_base where org_id = old.org_id and id = old.knowledge_base_id) then
    return null;
  end if;
  -- Slots at the end, and those of a segment that is empty now, are given out again.
  update index_segment
  set chunks = chunks - old.chunks, words = words - old.words,
      slots = case when chunks = old.chunks then 0 when slots = old.first_slot + old.chunks then old.first_slot else slots end
  where org_id = old.org_id and knowledge_base_id = old.knowledge_base_id and number = old.segment;
  update posting p
  set hits = substring(p.hits from 1 for 4 * cut.before::int) || substring(p.hits from 4 * (cut.before + cut.inside)::int + 1),
      chunks = p.chunks - cut.chunks
  from (
    select q.term, count(*) filter (where o.slot < old.first_slot) as before,
      count(*) filter (where o.slot between old.first_slot and old.first_slot + old.chunks - 1) as inside,
      count(distinct o.slot) filter (where o.slot between old.first_slot and old.first_slot + old.chunks - 1) as chunks
    from posting q
    cross join lateral (
      select get_byte(q.hits, 4 * i) * 16 + get_byte(q.hits, 4 * i + 1) / 16 as slot
      from generate_series(0, length(q.hits) / 4 - 1) as i) as o
    where q.org_id = old.org_id and q.knowledge_base_id = old.knowledge_base_id and q.term = any (old.terms)
      and q.segment = old.segment
    group by q.term) as cut
  where p.org_id = old.org_id and p.knowledge_base_id = old.knowledge_base_id and p.term = cut.term
    and p.segment = old.segment;
  delete from posting
  where org_id = old.org_id and knowledge_base_id = old.knowledge_base_id and term = any (old.terms)
    and segment = old.segment and chunks = 0;
  return null;
end $$;
create trigger index_part_removed after delete on index_part for each row execute function index_part_removed();

alter table chunk add column page integer;
-- What is not searchable is left out before anything is ranked. A document whose index was made by older rules, or before
-- there was this one, is indexed again by the running server.
alter table document add column searchable boolean not null default true;
alter table document add column index_language text;
alter table document add column index_version integer not null default 0;
alter table document alter column chunk_count set default 0;
alter table document drop column term_count;
create index document_by_base on document (org_id, knowledge_base_id, id);
create index document_hidden on document (org_id, knowledge_base_id) where not searchable;
create index document_to_index on document (index_version, org_id, id);

select rapport_secure('index_segment', 'org_id');
select rapport_secure('posting', 'org_id');
select rapport_secure('index_part', 'org_id');
