-- Keyed hashes of a client's tags, which themselves stand in the sealed profile: a list is filtered by a whole tag.
alter table client add column tag_hashes bytea[] not null default '{}';
create index client_by_tag on client using gin (tag_hashes);

-- What a client works towards. Title, milestones and dates stand in the sealed column.
create table client_goal (
  org_id uuid not null,
  id uuid not null,
  client_id uuid not null,
  body bytea not null,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, client_id) references client
);
create index client_goal_by_client on client_goal (org_id, client_id, id desc);
alter table client_goal alter column body set statistics 0;
select rapport_secure('client_goal', 'org_id');
