-- A statement sees the rows of the organisation that its transaction names, and none without one. '*' is for what stands
-- above organisations: finding out whose a token is, leases of replies, sweeps. Every statement names its organisation as
-- well; this is the second lock. The sub-select is evaluated once a statement, not once a row.

create function rapport_secure(target regclass, org_column name) returns void language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy organisation on %s using (%I::text = (select current_setting(''rapport.org'', true)))', target, org_column);
  execute format(
    'create policy everywhere on %s using ((select current_setting(''rapport.org'', true)) = ''*'')', target);
end $$;

select rapport_secure('org', 'id');
select rapport_secure(c.oid::regclass, 'org_id')
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
order by c.relname;
