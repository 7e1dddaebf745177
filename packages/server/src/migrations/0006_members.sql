-- Members, their roles, teams, who looks after whom, and API keys.

-- What an organisation is called where somebody signs in; the names of two may be the same.
alter table org add column slug text;
update org o set slug = coalesce(nullif(trim(both '-' from regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g')), ''), 'main')
  || case when exists (select 1 from org other where other.id < o.id) then '-' || substr(o.id::text, 1, 8) else '' end;
alter table org alter column slug set default 'org-' || substr(gen_random_uuid()::text, 1, 8);
alter table org alter column slug set not null;
alter table org add unique (slug);

-- The row of a removed member stays, without e-mail and password, as long as a log names them.
alter table app_user add column email text;
alter table app_user add column status text not null default 'active' check (status in ('active', 'disabled', 'removed'));
create unique index app_user_email on app_user (org_id, lower(email)) where email is not null;

create table custom_role (
  org_id uuid not null references org,
  id uuid not null,
  name text not null,
  about text not null default '',
  permissions text[] not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (org_id, id)
);
create unique index custom_role_name on custom_role (org_id, lower(name));

-- Either one of the roles every organisation has, or one of its own.
create table member_role (
  org_id uuid not null,
  user_id uuid not null,
  built_in text,
  custom_role_id uuid,
  role text not null generated always as (coalesce(built_in, custom_role_id::text)) stored,
  primary key (org_id, user_id, role),
  check (num_nonnulls(built_in, custom_role_id) = 1),
  foreign key (org_id, user_id) references app_user on delete cascade,
  foreign key (org_id, custom_role_id) references custom_role
);
create index member_role_by_role on member_role (org_id, role);
insert into member_role (org_id, user_id, built_in) select org_id, id, role from app_user;
alter table app_user drop column role;

create table member_invitation (
  org_id uuid not null references org,
  id uuid not null,
  token_hash bytea not null unique,
  email text,
  name text,
  roles text[] not null,
  -- Nobody: whoever runs the server.
  invited_by uuid,
  expires_at timestamptz not null,
  accepted_by uuid,
  accepted_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, invited_by) references app_user,
  foreign key (org_id, accepted_by) references app_user
);

create table team (
  org_id uuid not null references org,
  id uuid not null,
  name text not null,
  created_at timestamptz not null default now(),
  primary key (org_id, id)
);
create unique index team_name on team (org_id, lower(name));

create table team_member (
  org_id uuid not null,
  team_id uuid not null,
  user_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (org_id, team_id, user_id),
  foreign key (org_id, team_id) references team on delete cascade,
  foreign key (org_id, user_id) references app_user on delete cascade
);
create index team_member_by_user on team_member (org_id, user_id);

-- Who looks after a client: a member, or everybody of a team.
create table client_assignment (
  org_id uuid not null,
  client_id uuid not null,
  user_id uuid,
  team_id uuid,
  holder_id uuid not null generated always as (coalesce(user_id, team_id)) stored,
  assigned_by uuid,
  created_at timestamptz not null default now(),
  primary key (org_id, client_id, holder_id),
  check (num_nonnulls(user_id, team_id) = 1),
  foreign key (org_id, client_id) references client on delete cascade,
  foreign key (org_id, user_id) references app_user on delete cascade,
  foreign key (org_id, team_id) references team on delete cascade
);
create index client_assignment_by_holder on client_assignment (org_id, holder_id, client_id);

-- The caseload rule: whose client somebody may see without the permission to see all. Every list and look-up asks it here.
create function caseload_of(org uuid, member uuid) returns table (client_id uuid) language sql stable as $$
  select a.client_id from client_assignment a where a.org_id = org and a.holder_id = member
  union all
  select a.client_id from client_assignment a
  join team_member t on t.org_id = a.org_id and t.team_id = a.holder_id
  where a.org_id = org and t.user_id = member
$$;

create table api_key (
  org_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  name text not null,
  hint text not null,
  token_hash bytea not null unique,
  scopes text[] not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (org_id, id),
  foreign key (org_id, user_id) references app_user on delete cascade
);
create index api_key_by_user on api_key (org_id, user_id);

select rapport_secure('custom_role', 'org_id');
select rapport_secure('member_role', 'org_id');
select rapport_secure('member_invitation', 'org_id');
select rapport_secure('team', 'org_id');
select rapport_secure('team_member', 'org_id');
select rapport_secure('client_assignment', 'org_id');
select rapport_secure('api_key', 'org_id');
