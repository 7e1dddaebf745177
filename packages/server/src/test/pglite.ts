import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type pg from 'pg';
import type { Tx } from '../platform/db/db.ts';
import { applyMigration, migrationNames } from '../platform/db/migrate.ts';
import type { ContentCodec } from '../platform/keys/codec.ts';

export interface Lite {
  /** What the server does as the owner of the tables. */
  owner: pg.Client;
  /** Work in the rows of an organisation, as the login that row-level security binds. */
  in<T>(orgId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

const never = () => Promise.reject(new Error('nothing is sealed here'));
const codec: ContentCodec = { seal: never, open: never, openBytes: never, hash: never };

/** A PostgreSQL in this process that has pgvector, which the embedded one has not: the tables as the migrations make them, one connection. */
export async function openLite(login: string): Promise<Lite> {
  const lite = await PGlite.create({ extensions: { vector } });
  const query = async (text: string, values?: unknown[]) => {
    // Only what has no values may be several statements.
    const found = values ? await lite.query(text, values) : (await lite.exec(text)).at(-1);
    return { rows: found?.rows ?? [], rowCount: found?.affectedRows || found?.rows.length || 0 };
  };
  const owner = { query } as unknown as pg.Client;
  await query("set rapport.org = '*'");
  for (const name of await migrationNames()) await applyMigration(owner, name);
  await query(`create role ${login}; grant select, insert, update, delete on all tables in schema public to ${login}`);
  const many = async <Row>(text: string, values: readonly unknown[] = []) =>
    (await query(text, [...values])).rows as Row[];
  const tx: Tx = {
    many,
    maybe: async <Row>(text: string, values?: readonly unknown[]) => (await many<Row>(text, values))[0],
    one: async <Row>(text: string, values?: readonly unknown[]) => (await many<Row>(text, values))[0] as Row,
    exec: async (text, values = []) => (await query(text, [...values])).rowCount,
    codec,
    beforeCommit: () => {},
    afterCommit: () => {},
  };
  return {
    owner,
    async in(orgId, work) {
      await query(`begin; set local rapport.org = '${orgId}'; set local role ${login}`);
      try {
        const done = await work(tx);
        await query('commit');
        return done;
      } catch (error) {
        await query('rollback');
        throw error;
      }
    },
    close: () => lite.close(),
  };
}
