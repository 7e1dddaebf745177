import { randomBytes } from 'node:crypto';
import type { TestApp } from '../app.ts';

export interface TenantTable {
  name: string;
  orgColumn: string;
}

/** Every table that holds rows of organisations. */
export const tenantTables = (app: TestApp): Promise<TenantTable[]> =>
  app.db.everywhere.many<TenantTable>(
    `select c.relname as name, case when c.relname = 'org' then 'id' else 'org_id' end as "orgColumn"
     from pg_class c
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
       and (c.relname = 'org' or exists (
         select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped))
     order by c.relname`,
  );

/** Where a value changes by itself: leases are renewed, and what is remembered of a look-up is no content. */
const restless = ['lease_until', 'lease_owner', 'next_run_at', 'last_seen_at', 'last_used_at'];

/** One value for all rows of an organisation, as `digest`: any change of any of them changes it. */
export function digestSql(
  tables: TenantTable[],
  orgId: string,
  /** Rows that name one of these ids are somebody's own to change. */
  except: string[] = [],
  /** Which rows count, as a condition on `t`. */
  which = 'true',
  /** What tells one row from another, where it has an id: a row that is only changed counts as the same. */
  what: 'rows' | 'ids' = 'rows',
): { text: string; values: unknown[] } {
  const row = `(to_jsonb(t) - '{${restless.join(',')}}'::text[])::text`;
  const shown = what === 'ids' ? `coalesce(to_jsonb(t)->>'id', ${row})` : row;
  const parts = tables.map(
    ({ name, orgColumn }) =>
      `select '${name}' as name, md5(coalesce(string_agg(x.row, E'\\n' order by x.row), '')) as digest
       from (select ${shown} as row from "${name}" t where t.${orgColumn} = $1 and ${which}) x
       where not x.row ~ $2`,
  );
  return {
    text: `select string_agg(name || ' ' || digest, E'\\n' order by name) as digest from (${parts.join(' union all ')}) every_table`,
    values: [orgId, except.length === 0 ? 'no row has this' : except.join('|')],
  };
}

export async function digestOf(
  app: TestApp,
  tables: TenantTable[],
  orgId: string,
  except: string[] = [],
): Promise<string> {
  const { text, values } = digestSql(tables, orgId, except);
  return (await app.db.everywhere.one<{ digest: string }>(text, values)).digest;
}

/** One value for what somebody signs in with, which lies above organisations. */
export async function digestOfLogin(app: TestApp, loginId: string): Promise<string> {
  const kept = ['login_account', 'login_session', 'login_passkey', 'login_second_factor'];
  const parts = kept.map((name) => `select to_jsonb(t)::text as row from ${name} t where t.login_id = $1`);
  const { digest } = await app.db.everywhere.one<{ digest: string }>(
    `select md5(string_agg(x.row, E'\n' order by x.row)) as digest
     from (select to_jsonb(l)::text as row from login l where l.id = $1 union all ${parts.join(' union all ')}) x`,
    [loginId],
  );
  return digest;
}

export const uuids = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** Every id that stands in any row of the organisation. */
export async function idsIn(app: TestApp, tables: TenantTable[], orgId: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { name, orgColumn } of tables) {
    const rows = await app.db.everywhere.many<{ row: string }>(
      `select to_jsonb(t)::text as row from "${name}" t where t.${orgColumn} = $1`,
      [orgId],
    );
    for (const { row } of rows) for (const id of row.match(uuids) ?? []) found.add(id.toLowerCase());
  }
  return found;
}

/** An id that names nothing, made at the same time as the given one: it sorts to the same place of every list. */
export const unknownLike = (id: string): string => `${id.slice(0, 24)}${randomBytes(6).toString('hex')}`;

export const withoutIds = (text: string): string =>
  text
    .replace(uuids, '<id>')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<instant>')
    .replace(/"ms":\d+/g, '"ms":<n>')
    // What an archive says of itself changes with the instants in it.
    .replace(/\b[0-9a-f]{64}\b/g, '<hash>')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?/g, '<instant>');
