import pg from 'pg';
import type { Database } from '../../../../platform/db/db.ts';
import { withClient } from '../../../../platform/db/client.ts';
import type { Logger } from '../../../../platform/logger.ts';
import { createRounds } from '../../../../platform/rounds.ts';
import type { Bases } from '../../readers.ts';
import type { Embedders } from '../worker.ts';
import { createMaking } from './making.ts';
import * as schema from './nearby.schema.ts';
import * as store from './nearby.store.ts';
import type { Indexed } from './nearby.store.ts';

const lookMs = 5000;

interface Parts {
  db: Database;
  owner: pg.PoolConfig;
  log: Logger;
  embedders: Embedders;
  /** From how many passages on a base gets an index; null: none ever does. */
  from: number | null;
  /** Bytes of vectors that are too many to be looked through one by one. */
  tooLarge: number;
}

export type Nearby = ReturnType<typeof createNearby>;

/**
 * Vectors of large bases in clear in the database, searched over an index of pgvector, where an administrator wants that and
 * the extension is there. Copied from the sealed vectors, and dropped where it is not wanted any more.
 */
export function createNearby({ from, ...parts }: Parts) {
  const { db, owner, log } = parts;
  const ended = new AbortController();
  const make = createMaking({ ...parts, from: from ?? Infinity, ended: ended.signal });
  let prepared = false;
  let open = false;

  /** Also what a restored copy says of an index that is not here. */
  const prepareNone = async (): Promise<void> => {
    if (!(await store.isStanding(db.everywhere))) return;
    await withClient(owner, schema.dropTable);
    log.info('indexes of vectors were dropped, with all that stood in clear in them');
  };

  const prepare = async (): Promise<void> => {
    if (from === null) return prepareNone();
    const { name } = await db.everywhere.one<{ name: string }>('select current_user as name');
    try {
      await withClient(owner, (client) => schema.makeTable(client, pg.escapeIdentifier(name)));
      open = true;
    } catch (error) {
      if (!(error instanceof schema.NoIndex)) throw error;
      await prepareNone();
      log.warn(
        `RAPPORT_PGVECTOR_FROM is set, but ${error.message}, and start again. Until then vectors are looked through one by one.`,
      );
    }
  };

  /** A database that cannot be reached at the start is there a moment later: what waits for the table would wait for a restart. */
  const round = async (): Promise<void> => {
    if (!prepared && !ended.signal.aborted) await prepare();
    prepared = true;
    if (open && !ended.signal.aborted) await make();
  };
  const rounds = createRounds(lookMs, round, ({ message }) =>
    log.warn(
      { err: message },
      prepared
        ? 'indexes of vectors were left to the next look'
        : 'the index of vectors could not be prepared and is tried again; until then they are looked through one by one',
    ),
  );

  return {
    /** Whether the vectors of a base stand in its index, all of them. */
    holds: async (of: Indexed): Promise<boolean> => open && store.isReady(db.in(of.orgId), of),

    /** The nearest, best first. */
    nearest: (of: Indexed, bases: Bases, question: Float32Array, asked: { limit: number; ms: number }) =>
      db.in(of.orgId).tx((tx) => store.nearest(tx, of, bases, question, asked)),

    look: rounds.look,

    start(): void {
      rounds.start();
      rounds.look();
    },

    async stop(): Promise<void> {
      ended.abort();
      await rounds.stop();
    },
  };
}
