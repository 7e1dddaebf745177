import type { Statements } from '../../platform/db/statements.ts';
import type { Anchor, Category } from './catalogue.shapes.ts';
import { entries, type CataloguedTable } from './catalogue.ts';
import type { Subject } from './schema.ts';

/** The ids by which rows of somebody are found. */
export type Anchors = Record<Anchor, string[]>;

/** Rows by category and table. */
export type Counts = Partial<Record<Category, Partial<Record<CataloguedTable, number>>>>;

interface Step {
  table: CataloguedTable;
  category: Category;
  of: Anchor;
  count: string;
  remove: string;
}

// Made once, of names that stand in the catalogue: every text below is as static as one written out.
const steps: Step[] = entries.flatMap(([table, entry]) =>
  entry.about === 'client' && 'rows' in entry
    ? entry.rows.map(([column, of]) => {
        const which = `${table} where org_id = $1 and ${column} = any($2::uuid[])`;
        const { category } = entry;
        return { table, category, of, count: `select count(*) as n from ${which}`, remove: `delete from ${which}` };
      })
    : [],
);

/** `viewer`: who has to look after the client; null sees all. A session with nobody on record is only for who sees all. */
const named = {
  client: `select name from client where org_id = $1 and id = $2
    and ($3::uuid is null or id in (select client_id from caseload_of($1, $3)))`,
  session: `select title as name from session
    where org_id = $1 and id = $2 and client_id is null and $3::uuid is null`,
} as const;

export const findSubject = (db: Statements, orgId: string, { kind, id }: Subject, viewer: string | null) =>
  db.maybe<{ name: string }>(named[kind], [orgId, id, viewer]);

/** As `findSubject`, and nobody else changes the row until the commit. */
export const lockSubject = (db: Statements, orgId: string, { kind, id }: Subject, viewer: string | null) =>
  db.maybe<{ name: string }>(`${named[kind]} for update`, [orgId, id, viewer]);

/** Whose the session is: the client on record, or else the session itself. */
export async function subjectOfSession(db: Statements, orgId: string, id: string): Promise<Subject | undefined> {
  const row = await db.maybe<{ client_id: string | null }>(
    `select client_id from session where org_id = $1 and id = $2`,
    [orgId, id],
  );
  return row && (row.client_id === null ? { kind: 'session', id } : { kind: 'client', id: row.client_id });
}

const ids = async (rows: Promise<{ id: string }[]>): Promise<string[]> => (await rows).map((row) => row.id);

export async function findAnchors(db: Statements, orgId: string, { kind, id }: Subject): Promise<Anchors> {
  const session =
    kind === 'session'
      ? [id]
      : await ids(db.many(`select id from session where org_id = $1 and client_id = $2 order by id`, [orgId, id]));
  const client = kind === 'client' ? [id] : [];
  const room = await ids(
    db.many(
      `select room_id as id from session where org_id = $1 and id = any($2::uuid[])
       union select id from room where org_id = $1 and subject_id = any($3::uuid[])`,
      [orgId, session, client],
    ),
  );
  const generation = await ids(
    db.many(`select id from generation where org_id = $1 and session_id = any($2::uuid[])`, [orgId, session]),
  );
  return { client, session, room, generation };
}

const add = (counts: Counts, { category, table }: Pick<Step, 'category' | 'table'>, n: number) => {
  if (n === 0) return;
  const tables = (counts[category] ??= {});
  tables[table] = (tables[table] ?? 0) + n;
};

export async function countRows(db: Statements, orgId: string, anchors: Anchors): Promise<Counts> {
  const counts: Counts = {};
  for (const step of steps) add(counts, step, (await db.one<{ n: number }>(step.count, [orgId, anchors[step.of]])).n);
  return counts;
}

/** Removes every row the catalogue knows; keys and remembered answers are the caller's. */
export async function deleteRows(db: Statements, orgId: string, anchors: Anchors): Promise<Counts> {
  const counts: Counts = {};
  for (const step of steps) add(counts, step, await db.exec(step.remove, [orgId, anchors[step.of]]));
  return counts;
}

export const countRunning = async (db: Statements, orgId: string, sessionIds: string[]): Promise<number> =>
  (
    await db.one<{ n: number }>(
      `select count(*) as n from generation where org_id = $1 and session_id = any($2::uuid[]) and status = 'running'`,
      [orgId, sessionIds],
    )
  ).n;

export const tokensOf = (db: Statements, orgId: string, sessionIds: string[]): Promise<string[]> =>
  ids(db.many(`select id from access_token where org_id = $1 and session_id = any($2::uuid[])`, [orgId, sessionIds]));
