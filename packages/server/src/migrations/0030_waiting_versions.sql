-- A new version of a document whose base has evaluations waits for them before it is searched. Its passages stand in the index beside
-- those of the version that is searched, and are left out of every search but that of its own evaluation; publishing exchanges the two.
alter table document_version
  drop constraint document_version_state_check,
  add constraint document_version_state_check
    check (state in ('queued', 'extracting', 'chunking', 'indexing', 'waiting', 'ready', 'failed'));
create unique index document_version_one_waits on document_version (org_id, document_id) where state = 'waiting';
-- The highest number given to a version that was not kept: it is not given again.
alter table document add column last_version integer not null default 0;
-- A segment of the index says it of all its passages.
alter table document drop column index_language;

alter table index_part add column waiting boolean not null default false;
create index index_part_waiting on index_part (org_id, knowledge_base_id) where waiting;
alter table chunk add column waiting boolean not null default false;

-- Runs with a version that waits in the place of the one that is searched; they go with the version.
alter table evaluation_run
  add column document_id uuid,
  add column version integer,
  add column gained integer,
  add column lost integer,
  add foreign key (org_id, document_id, version) references document_version on delete cascade,
  add check ((document_id is null) = (version is null)),
  drop constraint evaluation_run_cause_check,
  add constraint evaluation_run_cause_check check (cause in ('hand', 'change', 'publish', 'version'));
drop index evaluation_run_one_waits;
create unique index evaluation_run_one_waits on evaluation_run (org_id, evaluation_id, document_id, version) nulls not distinct
  where state = 'queued';
create index evaluation_run_by_version on evaluation_run (org_id, document_id, version, evaluation_id, id desc)
  where document_id is not null;

alter table knowledge_base add column publish_unless_lost boolean not null default false;
