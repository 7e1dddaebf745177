-- The organisation's own rung, and how long its drafts wait for whom.
create table supervision_policy (
  org_id uuid not null references org,
  policy text not null,
  delay_seconds integer not null,
  review_seconds integer not null,
  pages integer not null,
  fallback_email text,
  primary key (org_id)
);
select rapport_secure('supervision_policy', 'org_id');

alter table client add column policy text not null default 'auto';

-- A change of the rung takes effect on the reply that runs: whoever makes it shows its tokens to the team alone from then on.
alter table generation add column hold_requested boolean not null default false;

-- A reply that the client does not see by itself. It has the id of its generation. What was written, by the persona and by
-- people, stands in one sealed column; the rest is what the queue is ordered and decided by.
create table review (
  org_id uuid not null,
  id uuid not null,
  session_id uuid not null,
  rung text not null check (rung in ('delayed', 'approve', 'draft-only')),
  state text not null check (state in ('drafting', 'waiting', 'released', 'rejected', 'discarded')),
  risk smallint not null default 0,
  body bytea not null,
  revision integer not null default 0,
  opened_at timestamptz not null default now(),
  waiting_since timestamptz,
  due_at timestamptz,
  pages integer not null default 0,
  overdue boolean not null default false,
  claimed_by uuid,
  claimed_until timestamptz,
  decided_by uuid,
  decided_at timestamptz,
  reasons text[] not null default '{}',
  edit_distance integer,
  again boolean not null default false,
  primary key (org_id, id),
  foreign key (org_id, id) references generation,
  foreign key (org_id, session_id) references session,
  foreign key (org_id, claimed_by) references app_user,
  foreign key (org_id, decided_by) references app_user
);
create unique index review_one_open on review (org_id, session_id) where state in ('drafting', 'waiting');
create index review_queue on review (org_id, risk desc, id) where state in ('drafting', 'waiting');
create index review_due on review (due_at) where state = 'waiting';
create index review_by_session on review (org_id, session_id, id desc);
select rapport_secure('review', 'org_id');

-- Who may decide on what a member has claimed, while that member is away.
create table review_deputy (
  org_id uuid not null,
  user_id uuid not null,
  deputy_id uuid not null,
  primary key (org_id, user_id),
  foreign key (org_id, user_id) references app_user,
  foreign key (org_id, deputy_id) references app_user
);
select rapport_secure('review_deputy', 'org_id');
