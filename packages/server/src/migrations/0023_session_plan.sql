-- Planned time, chosen goals, how it went, and who of the team runs the session now. The scores and what was said about
-- them stand in the sealed column.
alter table session add column timer_minutes integer;
alter table session add column timer_ends_at timestamptz;
alter table session add column timer_closes boolean not null default false;
alter table session add column timer_told boolean not null default true;
alter table session add column goal_ids uuid[] not null default '{}';
alter table session add column rating bytea;
alter table session add column facilitator_id uuid;
alter table session add foreign key (org_id, facilitator_id) references app_user;
create index session_timer_due on session (timer_ends_at) where not timer_told or timer_closes;
alter table session alter column rating set statistics 0;
