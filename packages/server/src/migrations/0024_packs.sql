-- Which jurisdiction packs an organisation has chosen, and what each enforces: the newest row is in force. Rules stand here as
-- the pack's file said them, so that servers of two versions on one database enforce the same.
create table pack_choice (
  org_id uuid not null references org,
  id uuid not null,
  packs jsonb not null,
  -- The least rung of each pack: what a session's own is joined with.
  rungs text[] not null,
  -- How often a client is told that an AI answers; null: as the organisation sets it.
  remind_minutes integer,
  -- Null: the server, when it came with a newer version of a pack.
  chosen_by uuid,
  chosen_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, chosen_by) references app_user
);
create trigger never_changed before update on pack_choice for each row execute function rapport_never_changed();
select rapport_secure('pack_choice', 'org_id');

-- Whether a client has written since they were last told that an AI answers.
alter table session add column wrote_since_told boolean not null default false;
create index session_to_remind on session (disclosed_at) where wrote_since_told and status = 'active';

-- A rehearsal calls nobody: its escalations are marked, and no letter is written about them.
alter table escalation add column rehearsal boolean not null default false;

-- What the whole team is told about stands in a room of the organisation, under its own id.
insert into room (org_id, id, kind) select id, id, 'organisation' from org;
create function rapport_organisation_room() returns trigger language plpgsql as $$
begin
  insert into room (org_id, id, kind) values (new.id, new.id, 'organisation');
  return null;
end $$;
create trigger organisation_room after insert on org for each row execute function rapport_organisation_room();
