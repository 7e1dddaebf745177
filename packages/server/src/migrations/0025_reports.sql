-- What people write about a session or a client for others to read. The words stand in the sealed column alone.
create table report (
  org_id uuid not null,
  id uuid not null,
  session_id uuid,
  client_id uuid,
  body bytea not null,
  status text not null default 'draft' check (status in ('draft', 'approved')),
  revision integer not null default 0,
  created_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  approved_by uuid,
  approved_at timestamptz,
  primary key (org_id, id),
  foreign key (org_id, session_id) references session on delete cascade,
  foreign key (org_id, client_id) references client on delete cascade,
  foreign key (org_id, created_by) references app_user,
  foreign key (org_id, approved_by) references app_user,
  check (num_nonnulls(session_id, client_id) = 1),
  check ((status = 'approved') = (approved_at is not null))
);
create index report_by_session on report (org_id, session_id, id desc) where session_id is not null;
create index report_by_client on report (org_id, client_id, id desc) where client_id is not null;
select rapport_secure('report', 'org_id');

-- The figures of supervision are read by period.
create index review_by_time on review (org_id, opened_at);
