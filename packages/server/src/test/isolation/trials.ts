import pg from 'pg';
import type { TestApp } from '../app.ts';
import { predicatesOf, without, withoutAll } from './statements.ts';
import { digestSql, uuids, type TenantTable } from './rows.ts';
import { type World } from './world.ts';

interface Named {
  name: string;
  text: string;
  values: unknown[];
}

const isNamed = (query: unknown): query is Named =>
  typeof query === 'object' && query !== null && 'name' in query && 'values' in query;

type Query = (this: object, ...args: unknown[]) => Promise<pg.QueryResult>;

/** How a statement fared in another organisation's name. */
type Outcome =
  | { kind: 'told'; rows: string; count: number | null; ids: string[]; changed: boolean }
  /** A key or a policy refused it. */
  | { kind: 'refused'; code: string };

type Told = Extract<Outcome, { kind: 'told' }>;

/** A hole that was made on purpose, and what became of it. */
export interface Hole {
  /** The statement without one predicate, or the table without its policy. */
  name: string;
  /** A statement let something through: the proof would see such a hole. */
  found: boolean;
  /** A composite key refused the row, which is a net of its own. */
  held: boolean;
}

export interface Trials {
  /** Texts that ran in the scope of an organisation, and above all of them. */
  scoped: Set<string>;
  above: Set<string>;
  /** What got through with no hole made: must stay empty. */
  faults: string[];
  predicates: Map<string, Hole[]>;
  policies: Map<string, Hole>;
  /** Gives the driver back, once every trial has ended. */
  end(): Promise<void>;
}

/** 23503 is the composite key; the others say that a row stands in the way, or that a policy forbids it. */
const refusals = new Set(['P0001', '23503', '23505', '23502', '42501', '21000']);
/** The composite key, and a value that the statement wants to be one: with the rows of two organisations it ends there. */
const holding = new Set(['23503', '21000']);
/** Often at first, then seldom: what shows a hole may be there only after a while. */
const worthTrying = (times: number): boolean => times < 3 || Number.isInteger(Math.log2(times + 1));

interface Nets {
  /** The policies let every row pass. */
  predicatesAlone: boolean;
  /** The tables whose policies are lifted. */
  lifted?: string[];
}

/**
 * From now on every statement that a server of this process runs for `victim` is tried first in the name of `other`, in
 * a savepoint that is undone: with the ids of the victim, in the state in which it runs, once with the predicates as the
 * only net and once with the policies as the only one, and then with a hole in that net.
 */
export async function tryEveryStatement(
  app: TestApp,
  tables: TenantTable[],
  victim: string,
  other: World,
): Promise<Trials> {
  for (const { name } of tables)
    await app.db.everywhere.exec(
      `create policy lifted on "${name}" using (current_setting('rapport.lifted', true) like '% ${name} %')`,
    );
  // Others may commit meanwhile: what counts is what the statement itself has written, or taken away.
  const mine = digestSql(tables, victim, [], `pg_xact_status(t.xmin::text::xid8) = 'in progress'`);
  const every = digestSql(tables, victim, [], 'true', 'ids');
  const theirs = await idsOf(app, tables, other.ids.organisation);
  const scopes = new WeakMap<object, string>();
  const pending: Promise<unknown>[] = [];
  const tried = new Map<string, number>();
  const trials: Trials = {
    scoped: new Set(),
    above: new Set(),
    faults: [],
    predicates: new Map(),
    policies: new Map(tables.map(({ name }) => [name, { name, found: false, held: false }])),
    async end() {
      prototype.query = original;
      await Promise.all(pending);
    },
  };
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const original = prototype.query;

  /** Queued at once, so that nothing of the victim's own work comes in between. */
  const attempt = async (client: object, text: string, values: unknown[], nets: Nets): Promise<Outcome> => {
    const ask = (sql: string, given?: unknown[]) => original.call(client, sql, given);
    const scope = nets.predicatesAlone ? '*' : other.ids.organisation;
    const writes = !reads(text);
    const { text: digestText, values: digestValues } = /\bdelete from\b/.test(text) ? every : mine;
    const steps = [
      ask('savepoint trial'),
      writes ? ask(`set local rapport.org = '*'`) : undefined,
      writes ? ask(digestText, digestValues) : undefined,
      ask(`set local rapport.org = '${scope}'`),
      ask(`set local rapport.lifted = ' ${nets.lifted?.join(' ') ?? ''} '`),
      ask(text, values),
      writes ? ask(`set local rapport.org = '*'`) : undefined,
      writes ? ask(digestText, digestValues) : undefined,
      ask('rollback to savepoint trial'),
      ask('release savepoint trial'),
    ];
    const [, , before, , , done, , after] = await Promise.allSettled(steps.map((step) => Promise.resolve(step)));
    if (done?.status === 'rejected') {
      const { code, message } = done.reason as Error & { code?: string };
      if (code !== undefined && refusals.has(code)) return { kind: 'refused', code };
      throw new Error(`${message} in ${text}`, { cause: done.reason });
    }
    const { rows: got, rowCount: count } = (done as PromiseFulfilledResult<pg.QueryResult>).value;
    const rows = shown(got);
    // Others may commit meanwhile: what has taken no row away has changed nothing.
    const idle = count === 0 && text.trimStart().startsWith('delete');
    const digestOf = (step: typeof before) =>
      step?.status === 'fulfilled' ? (step.value?.rows[0] as { digest: string } | undefined)?.digest : 'none';
    const changed = !idle && digestOf(before) !== digestOf(after);
    return { kind: 'told', rows, count, ids: rows.match(uuids) ?? [], changed };
  };

  /** What got through, where nothing should. */
  const faultOf = (outcome: Outcome, text: string, values: unknown[]): string | null => {
    if (outcome.kind === 'refused') return null;
    if (outcome.changed) return 'changed a row';
    const told = new Set(reads(text) ? [] : (JSON.stringify(values).toLowerCase().match(uuids) ?? []));
    const foreign = outcome.ids.find((id) => !theirs.has(id) && !told.has(id));
    return foreign === undefined ? null : `gave ${foreign}`;
  };

  const holesIn = (text: string): Hole[] => {
    const known = trials.predicates.get(text);
    if (known) return known;
    const made = predicatesOf(text).map(({ at, text: predicate }) => ({
      name: `${predicate} at ${at}`,
      found: false,
      held: false,
    }));
    // Predicates of one statement may stand in for each other: then the hole is where none is left.
    if (made.length > 1) made.push({ name: 'all predicates', found: false, held: false });
    trials.predicates.set(text, made);
    return made;
  };

  const withHoles = async (client: object, text: string, values: unknown[], plain: Promise<Outcome>) => {
    const places = predicatesOf(text);
    const open = holesIn(text)
      .map((hole, at) => ({ hole, broken: places[at] ? without(text, places[at]) : withoutAll(text) }))
      .filter(({ hole }) => !hole.found);
    const outcomes = open.map(({ broken }) => attempt(client, broken, values, { predicatesAlone: true }));
    const whole = await plain;
    for (const [at, { hole }] of open.entries()) {
      const outcome = (await outcomes[at]) as Outcome;
      if (outcome.kind === 'refused') hole.held ||= holding.has(outcome.code);
      else hole.found ||= outcome.changed || (whole.kind === 'told' && differ(whole, outcome));
    }
  };

  const withoutPolicies = async (client: object, text: string, values: unknown[]) => {
    const bare = withoutAll(text);
    const whole = attempt(client, bare, values, { predicatesAlone: false });
    const named = tables.map(({ name }) => name).filter((name) => namesTable(text, name));
    const open = named
      .map((name) => trials.policies.get(name) as Hole)
      .filter(({ found }) => !found)
      .map((hole) => ({
        hole,
        outcome: attempt(client, bare, values, { predicatesAlone: false, lifted: [hole.name] }),
      }));
    const together =
      open.length > 0 && named.length > 1
        ? attempt(client, bare, values, { predicatesAlone: false, lifted: named })
        : null;
    const plain = await whole;
    const fault = faultOf(plain, text, values);
    if (fault) trials.faults.push(`policies alone: ${fault}: ${text}`);
    const differs = (got: Outcome) =>
      got.kind === 'told' && (got.changed || (plain.kind === 'told' && differ(plain, got)));
    for (const { hole, outcome } of open) hole.found ||= differs(await outcome);
    if (together && differs(await together)) for (const { hole } of open) hole.held = true;
  };

  const tryOut = (client: object, { text, values }: Named) => {
    const times = tried.get(text) ?? 0;
    tried.set(text, times + 1);
    const bare = (name: string) => !trials.policies.get(name)?.found && namesTable(text, name);
    const settled = times > 0 && holesIn(text).every(({ found }) => found) && !tables.some(({ name }) => bare(name));
    if (settled || !worthTrying(times)) return;
    const asked = values.map((value) => withOrg(value, victim, other.ids.organisation));
    const plain = attempt(client, text, asked, { predicatesAlone: true });
    pending.push(
      withHoles(client, text, asked, plain),
      withoutPolicies(client, text, asked),
      plain.then((outcome) => {
        const fault = faultOf(outcome, text, asked);
        if (fault) trials.faults.push(`predicates alone: ${fault}: ${text}`);
      }),
    );
  };

  prototype.query = function (this: object, ...args: unknown[]) {
    const [query] = args;
    if (typeof query === 'string') {
      const scope = /set local rapport\.org = '([^']*)'/.exec(query)?.[1];
      if (scope !== undefined) scopes.set(this, scope);
    } else if (isNamed(query)) {
      const scope = scopes.get(this);
      if (scope === '*') trials.above.add(query.text);
      else trials.scoped.add(query.text);
      if (scope === victim) tryOut(this, query);
    }
    return original.apply(this, args);
  };
  return trials;
}

/** Rows that came back, or how many were written. */
const differ = (left: Told, right: Told): boolean => left.rows !== right.rows || left.count !== right.count;

/** After a word that is followed by a table's name. */
export const namesTable = (text: string, name: string): boolean =>
  new RegExp(String.raw`\b(?:from|join|into|update|using)\s+${name}\b`).test(text);

const reads = (text: string): boolean =>
  /^\s*(?:select|with)\b/i.test(text) &&
  !/\b(?:insert into|update|delete from)\b/i.test(
    text.replaceAll('for update', '').replaceAll('for no key update', ''),
  );

const withOrg = (value: unknown, from: string, to: string): unknown => {
  if (value === from) return to;
  return Array.isArray(value) ? value.map((one) => withOrg(one, from, to)) : value;
};

const shown = (rows: unknown[]): string => JSON.stringify(rows).toLowerCase();

async function idsOf(app: TestApp, tables: TenantTable[], orgId: string): Promise<Set<string>> {
  const rows = await Promise.all(
    tables.map(({ name, orgColumn }) =>
      app.db.everywhere.many<{ row: string }>(
        `select to_jsonb(t)::text as row from "${name}" t where t.${orgColumn} = $1`,
        [orgId],
      ),
    ),
  );
  return new Set(rows.flat().flatMap(({ row }) => row.toLowerCase().match(uuids) ?? []));
}
