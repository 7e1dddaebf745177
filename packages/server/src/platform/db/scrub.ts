import pg from 'pg';
import { withClient } from './client.ts';

/** Above this a table is not written anew while the server runs: it would stand still for seconds. */
const largestBytes = 256 * 1024 * 1024;
const lockMs = 2000;
const attempts = 3;

export interface Scrubbed {
  rewritten: string[];
  postponed: string[];
  logCut: boolean;
}

/**
 * Removed rows stay in a table's file until something is written over them, and in the write-ahead log until it is recycled.
 * This writes the tables anew and gives the log up, as the owner of the tables. What the database's rules forbid, or what
 * is too large, is told and not done.
 */
export async function scrubTables(owner: pg.PoolConfig, tables: readonly string[]): Promise<Scrubbed> {
  const scrubbed: Scrubbed = { rewritten: [], postponed: [], logCut: false };
  await withClient(owner, async (client) => {
    await client.query(`set lock_timeout = ${lockMs}`);
    for (const table of tables) {
      const done = await rewrite(client, table);
      (done ? scrubbed.rewritten : scrubbed.postponed).push(table);
    }
    scrubbed.logCut = await cutLog(client);
  });
  return scrubbed;
}

async function rewrite(client: pg.Client, table: string): Promise<boolean> {
  const name = pg.escapeIdentifier(table);
  const { rows } = await client.query<{ bytes: string }>('select pg_total_relation_size($1::regclass) as bytes', [
    name,
  ]);
  if (Number(rows[0]?.bytes) > largestBytes) return false;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      await client.query(`vacuum full ${name}`);
      return true;
    } catch (error) {
      // Somebody works on the table, or two servers write it anew at once.
      if (!(error instanceof pg.DatabaseError) || !['55P03', '40P01'].includes(error.code ?? '')) throw error;
    }
  }
  return false;
}

/** Two checkpoints: the second finds no use for what was written before the first. Needs the rights of a superuser. */
async function cutLog(client: pg.Client): Promise<boolean> {
  try {
    await client.query('checkpoint');
    await client.query('select pg_switch_wal()');
    await client.query('checkpoint');
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '42501') return false;
    throw error;
  }
}
