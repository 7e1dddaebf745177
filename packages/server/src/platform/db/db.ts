import { createHash } from 'node:crypto';
import pg from 'pg';
import type { CodecOver, ContentCodec } from '../keys/codec.ts';
import type { Statements, Values } from './statements.ts';

// int8 is used for counters that stay far below 2^53; instants travel as ISO strings everywhere.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (value) => new Date(value).toISOString());

/** What a store function takes. */
export interface Db extends Statements {
  readonly codec: ContentCodec;
}

export interface Tx extends Db {
  /** Runs when the work is done, as the last thing before the commit; throwing undoes everything. */
  beforeCommit(action: () => Promise<void>): void;
  /** Runs after the commit, never after a rollback; must not throw. */
  afterCommit(action: () => void): void;
}

/** Statements, each a transaction of its own, and transactions, in which row-level security shows certain rows only. */
export interface Scope extends Db {
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface Database {
  /** The rows of one organisation. */
  in(orgId: string): Scope;
  /** The rows of all: sign-in by token, leases, sweeps. Nothing that answers a request about an organisation's data. */
  readonly everywhere: Scope;
  close(): Promise<void>;
}

const names = new Map<string, string>();
const nameOf = (text: string): string => {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha256').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
};

type Ask = (text: string, values: Values) => Promise<pg.QueryResult>;

function methods(ask: Ask, codecOver: CodecOver): Db {
  const statements: Statements = {
    many: async <Row>(text: string, values: Values = []) => (await ask(text, values)).rows as Row[],
    maybe: async <Row>(text: string, values: Values = []) => (await ask(text, values)).rows[0] as Row | undefined,
    one: async <Row>(text: string, values: Values = []) => {
      const { rows } = await ask(text, values);
      if (rows.length !== 1) throw new Error(`expected one row, got ${rows.length}: ${text.slice(0, 80)}`);
      return rows[0] as Row;
    },
    exec: async (text: string, values: Values = []) => (await ask(text, values)).rowCount ?? 0,
  };
  return { ...statements, codec: codecOver(statements) };
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** For the policies of the tables; it ends with the transaction, so a connection carries it to nobody else. */
const begin = (orgId: string | null): string => {
  if (orgId !== null && !uuid.test(orgId)) throw new Error('an organisation is named by a UUID');
  return `begin; set local rapport.org = '${orgId ?? '*'}'`;
};

export function openDatabase(config: pg.PoolConfig, codecOver: CodecOver): Database {
  // Statements that do not wait for each other travel together and are still run in order.
  const pool = new pg.Pool({ max: 10, connectionTimeoutMillis: 10_000, pipeline: true, ...config });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  // One that breaks under a statement fails that statement, and would end the process, too.
  pool.on('connect', (client) => client.on('error', () => {}));
  const scope = (orgId: string | null): Scope => ({
    ...methods((text, values) => statement(pool, begin(orgId), text, values), codecOver),
    tx: (work) => transaction(pool, begin(orgId), codecOver, work),
  });
  return { in: scope, everywhere: scope(null), close: () => pool.end() };
}

const query = (connection: pg.PoolClient, text: string, values: Values) =>
  connection.query({ name: nameOf(text), text, values: values as unknown[] });

/** One statement as a transaction, in one round trip. */
async function statement(pool: pg.Pool, opening: string, text: string, values: Values): Promise<pg.QueryResult> {
  const connection = await pool.connect();
  const [begun, asked, committed] = await Promise.allSettled([
    connection.query(opening),
    query(connection, text, values),
    connection.query('commit'),
  ]);
  connection.release(committed.status === 'rejected' || begun.status === 'rejected');
  for (const step of [begun, asked, committed]) if (step.status === 'rejected') throw step.reason;
  return (asked as PromiseFulfilledResult<pg.QueryResult>).value;
}

async function transaction<T>(
  pool: pg.Pool,
  opening: string,
  codecOver: CodecOver,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const connection = await pool.connect();
  const last: (() => Promise<void>)[] = [];
  const actions: (() => void)[] = [];
  let broken: Error | undefined;
  try {
    const begun = connection.query(opening);
    // Awaited before the commit; a connection that breaks earlier fails the work itself.
    begun.catch(() => {});
    const ask: Ask = (text, values) => query(connection, text, values);
    const result = await work({
      ...methods(ask, codecOver),
      beforeCommit: (action) => last.push(action),
      afterCommit: (action) => actions.push(action),
    });
    for (const action of last) await action();
    await begun;
    await connection.query('commit');
    for (const action of actions) action();
    return result;
  } catch (error) {
    await connection.query('rollback').catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    connection.release(broken);
  }
}
