import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../../test/app.ts';
import { catalogue, entries } from './catalogue.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const columnsOf = async (): Promise<Map<string, Set<string>>> => {
  const rows = await app.db.everywhere.many<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped`,
  );
  const tables = new Map<string, Set<string>>();
  for (const { table, column } of rows) tables.set(table, (tables.get(table) ?? new Set()).add(column));
  return tables;
};

/** What was migrated, and how often hashed addresses asked: of no organisation. */
const ofNobody = new Set(['migration', 'rate_count']);

test('every table is in the catalogue of personal data, or is declared free of them with a reason', async () => {
  const tables = [...(await columnsOf()).keys()].filter((table) => !ofNobody.has(table)).sort();
  expect(Object.keys(catalogue).sort()).toEqual(tables);
});

test('every column that the catalogue names exists', async () => {
  const tables = await columnsOf();
  for (const [table, entry] of entries) {
    if (entry.about === 'nobody') {
      expect(entry.because.length, table).toBeGreaterThan(10);
      continue;
    }
    const anchors = 'rows' in entry ? entry.rows.map(([column]) => column) : [];
    for (const column of [...Object.keys(entry.columns), ...anchors]) {
      expect(tables.get(table)?.has(column), `${table}.${column}`).toBe(true);
    }
    expect(entry.exported, table).not.toBe('');
  }
});

test('sealed columns and what points at a client are personal, or their table says why not', async () => {
  const found = await app.db.everywhere.many<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
       and (a.atttypid = 'bytea'::regtype or a.attname in ('client_id', 'session_id', 'room_id', 'subject_id'))`,
  );
  for (const { table, column } of found) {
    if (ofNobody.has(table)) continue;
    const entry = catalogue[table as keyof typeof catalogue];
    if (entry.about === 'nobody') continue;
    const named = column in entry.columns || ('rows' in entry && entry.rows.some(([name]) => name === column));
    const link = ['client_id', 'session_id', 'room_id', 'subject_id'].includes(column);
    const reached = link && 'rows' in entry && entry.rows.length > 0;
    expect(named || reached || (column === 'request_hash' && table === 'idempotency'), `${table}.${column}`).toBe(true);
  }
});

// The room of a knowledge base tells of documents and is about nobody.
test('a table that points at a client by foreign key is one whose rows an erasure finds', async () => {
  const pointing = await app.db.everywhere.many<{ table: string }>(
    `select distinct conrelid::regclass::text as table from pg_constraint
     where contype = 'f' and conrelid <> 'knowledge_base'::regclass and confrelid in ('client'::regclass, 'session'::regclass, 'room'::regclass, 'generation'::regclass, 'invitation'::regclass)`,
  );
  for (const { table } of pointing) {
    const entry = catalogue[table as keyof typeof catalogue];
    expect('rows' in entry, table).toBe(true);
  }
});

test('the planner takes no samples of personal columns: they would outlive the rows', async () => {
  const sampled = await app.db.everywhere.many<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
       and a.attstattarget is distinct from 0
       and (a.atttypid = 'bytea'::regtype or a.atttypid in ('text'::regtype, 'jsonb'::regtype))`,
  );
  // Ids and figures alone.
  const harmless = new Set(['generation.usage', 'idempotency.route', 'idempotency.actor']);
  const found = sampled.filter(({ table, column }) => {
    const entry = catalogue[table as keyof typeof catalogue];
    return entry?.about === 'client' && column in entry.columns && !harmless.has(`${table}.${column}`);
  });
  expect(found, 'add: alter table … alter column … set statistics 0').toEqual([]);
});
