-- What a directory calls members and teams, so that it finds them again.
alter table app_user add column user_name text;
alter table app_user add column external_id text;
create unique index app_user_user_name on app_user (org_id, lower(user_name)) where user_name is not null;
create unique index app_user_external_id on app_user (org_id, external_id) where external_id is not null;
alter table team add column external_id text;
create unique index team_external_id on team (org_id, external_id) where external_id is not null;

-- For whoever lost their second factor: it goes, with the passkeys and every sign-in. Not where the login is also another
-- organisation's: one must not weaken how somebody gets into another.
create function reset_factors_of(org uuid, member uuid) returns boolean language plpgsql as $$
declare
  before text := current_setting('rapport.org', true);
  owner uuid;
  own boolean;
begin
  perform set_config('rapport.org', '*', true);
  select login_id into owner from app_user where org_id = org and id = member;
  own := owner is not null and not exists (select 1 from app_user where login_id = owner and org_id <> org);
  if own then
    delete from login_second_factor where login_id = owner;
    delete from login_passkey where login_id = owner;
    update login set two_factor_enabled = false, updated_at = now() where id = owner;
    delete from login_session where login_id = owner;
  end if;
  perform set_config('rapport.org', before, true);
  return own;
end $$;
