import { createHash } from 'node:crypto';
import pg from 'pg';
import type { ContentCodec } from '../codec.ts';

// int8 is used for counters that stay far below 2^53; instants travel as ISO strings everywhere.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (value) => new Date(value).toISOString());

type Values = readonly unknown[];

/** What a store function takes: the pool or a transaction. Every text is a prepared statement, so texts must be static. */
export interface Db {
  readonly codec: ContentCodec;
  many<Row>(text: string, values?: Values): Promise<Row[]>;
  maybe<Row>(text: string, values?: Values): Promise<Row | undefined>;
  one<Row>(text: string, values?: Values): Promise<Row>;
  /** The number of rows changed. */
  exec(text: string, values?: Values): Promise<number>;
}

export interface Tx extends Db {
  /** Runs after the commit, never after a rollback; must not throw. */
  afterCommit(action: () => void): void;
}

export interface Database extends Db {
  readonly pool: pg.Pool;
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const names = new Map<string, string>();
const nameOf = (text: string): string => {
  let name = names.get(text);
  if (!name) {
    name = createHash('sha1').update(text).digest('base64url');
    names.set(text, name);
  }
  return name;
};

interface Queryable {
  query(config: pg.QueryConfig): Promise<pg.QueryResult>;
}

function methods(target: Queryable, codec: ContentCodec): Db {
  const query = (text: string, values: Values = []) =>
    target.query({ name: nameOf(text), text, values: values as unknown[] });
  return {
    codec,
    many: async <Row>(text: string, values?: Values) => (await query(text, values)).rows as Row[],
    maybe: async <Row>(text: string, values?: Values) => (await query(text, values)).rows[0] as Row | undefined,
    one: async <Row>(text: string, values?: Values) => {
      const { rows } = await query(text, values);
      if (rows.length !== 1) throw new Error(`expected one row, got ${rows.length}: ${text.slice(0, 80)}`);
      return rows[0] as Row;
    },
    exec: async (text: string, values?: Values) => (await query(text, values)).rowCount ?? 0,
  };
}

export function openDatabase(config: pg.PoolConfig, codec: ContentCodec): Database {
  // Statements of one transaction that do not wait for each other travel together and are still run in order.
  const pool = new pg.Pool({ max: 10, connectionTimeoutMillis: 10_000, pipeline: true, ...config });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  return {
    ...methods(pool, codec),
    pool,
    tx: (work) => transaction(pool, codec, work),
    close: () => pool.end(),
  };
}

async function transaction<T>(pool: pg.Pool, codec: ContentCodec, work: (tx: Tx) => Promise<T>): Promise<T> {
  const connection = await pool.connect();
  const actions: (() => void)[] = [];
  let broken: Error | undefined;
  try {
    const begun = connection.query('begin');
    // Awaited before the commit; a connection that breaks earlier fails the work itself.
    begun.catch(() => {});
    const result = await work({ ...methods(connection, codec), afterCommit: (action) => actions.push(action) });
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

/** True for a violation of the named unique constraint or index. */
export const isUniqueViolation = (error: unknown, constraint: string): boolean =>
  error instanceof pg.DatabaseError && error.code === '23505' && error.constraint === constraint;
