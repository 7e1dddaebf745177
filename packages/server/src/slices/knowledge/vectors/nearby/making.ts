import type pg from 'pg';
import type { Database } from '../../../../platform/db/db.ts';
import { withClient } from '../../../../platform/db/client.ts';
import type { Logger } from '../../../../platform/logger.ts';
import { vectorsAfter } from '../vectors.store.ts';
import type { Embedders } from '../worker.ts';
import * as schema from './nearby.schema.ts';
import * as store from './nearby.store.ts';
import type { Indexed } from './nearby.store.ts';

const blocksAtOnce = 10;
/** An index that could not be made is left alone for so long: to try costs the database minutes. */
const pauseMs = 5 * 60_000;

/** Which bases have an index: from so many passages on, or where their vectors take more bytes than can be looked through. */
interface Rule {
  from: number;
  tooLarge: number;
}

interface Parts extends Rule {
  db: Database;
  owner: pg.PoolConfig;
  log: Logger;
  embedders: Embedders;
  ended: AbortSignal;
}

/** A base that has an index keeps it until it is half as large, so that none is made and dropped by turns. */
export function wantsIndex(
  of: { chunks: number; dimensions: number; has: boolean },
  { from, tooLarge }: Rule,
): boolean {
  const { chunks, dimensions, has } = of;
  if (dimensions > store.mostDimensions) return false;
  const share = has ? 2 : 1;
  return chunks * share >= from || chunks * dimensions * 4 * share > tooLarge;
}

const keyOf = ({ orgId, baseId }: { orgId: string; baseId: string }): string => `${orgId}/${baseId}`;

/** Brings the indexes to what the bases are: makes those that are wanted and drops the others. Returns one look at all of them. */
export function createMaking({ db, owner, log, embedders, ended, ...rule }: Parts) {
  const pausedUntil = new Map<string, number>();

  /** Copies what was sealed before its index began. False: it was given up, or the server ends. */
  const copy = async (of: Indexed, after: number): Promise<boolean> => {
    const scope = db.in(of.orgId);
    for (let stamp = after, more = true; more;) {
      if (ended.aborted) return false;
      const found = await vectorsAfter(scope, of.orgId, of, stamp, blocksAtOnce);
      const kept = await scope.tx(async (tx) => {
        if (!(await store.markCopied(tx, of, found.stamp))) return false;
        const fitting = found.blocks.filter(({ dimensions }) => dimensions === of.dimensions);
        for (const block of fitting) await store.copyBlock(tx, of.orgId, block);
        return true;
      });
      if (!kept) return false;
      ({ stamp, more } = found);
    }
    return true;
  };

  const make = async (client: pg.Client, of: Indexed): Promise<void> => {
    const { stamp } = await db.in(of.orgId).tx((tx) => store.beginIndex(tx, of));
    // To fill a graph row by row takes far longer than to make it of all.
    if (stamp === 0) await schema.dropIndexes(client, [schema.indexNameOf(of)]);
    if (!(await copy(of, stamp)) || ended.aborted) return;
    await schema.makeIndex(client, of);
    await store.markReady(db.in(of.orgId), of);
  };

  /** One server at a time; the lock goes with the connection, also where the server ends without a word. */
  const makeAlone = (of: Indexed): Promise<void> =>
    withClient(owner, async (client) => {
      const { rows } = await client.query<{ locked: boolean; pid: number }>(
        'select pg_try_advisory_lock(hashtextextended($1, 32)) as locked, pg_backend_pid() as pid',
        [of.baseId],
      );
      if (!rows[0]?.locked) return;
      const { pid } = rows[0];
      const cancel = () =>
        void withClient(owner, (other) => other.query('select pg_cancel_backend($1)', [pid])).catch(() => {});
      ended.addEventListener('abort', cancel);
      await make(client, of).finally(() => ended.removeEventListener('abort', cancel));
    });

  const makeOne = async (of: Indexed): Promise<void> => {
    if (ended.aborted || (pausedUntil.get(keyOf(of)) ?? 0) > Date.now()) return;
    try {
      await makeAlone(of);
    } catch (error) {
      if (ended.aborted) return;
      pausedUntil.set(keyOf(of), Date.now() + pauseMs);
      log.warn(
        { err: (error as Error).message, base: of.baseId },
        'an index of vectors could not be made; tried again',
      );
    }
  };

  const wantedNow = async (has: Set<string>): Promise<Indexed[]> => {
    const wanted: Indexed[] = [];
    for (const orgId of await embedders.organisationsWithEmbedder()) {
      const embedder = await embedders.embedderFor(orgId);
      if (!embedder) continue;
      const { space } = embedder;
      for (const { baseId, dimensions, chunks } of await store.sizesOf(db.in(orgId), orgId, space)) {
        const of = { chunks, dimensions, has: has.has(keyOf({ orgId, baseId })) };
        if (wantsIndex(of, rule)) wanted.push({ orgId, baseId, space, dimensions });
      }
    }
    return wanted;
  };

  /** The vectors of a base whose index is not wanted, or is one of another model. */
  const giveUp = ({ orgId, baseId }: Indexed): Promise<void> =>
    db.in(orgId).tx(async (tx) => {
      await store.lockStamps(tx, baseId);
      await store.dropRows(tx, orgId, baseId);
    });

  return async (): Promise<void> => {
    const states = await store.listStates(db.everywhere);
    const wanted = await wantedNow(new Set(states.map(keyOf)));
    const keys = new Set(wanted.map(keyOf));
    for (const one of states) if (!keys.has(keyOf(one))) await giveUp(one);

    const graphs = await store.graphsOf(db.everywhere);
    const names = new Set(wanted.map(schema.indexNameOf));
    const idle = graphs.map(({ name }) => name).filter((name) => !names.has(name));
    if (idle.length > 0) await withClient(owner, (client) => schema.dropIndexes(client, idle));

    const whole = new Set(graphs.filter(({ valid }) => valid).map(({ name }) => name));
    const isReady = (of: Indexed): boolean =>
      whole.has(schema.indexNameOf(of)) &&
      states.some(({ ready, space, ...one }) => ready && space === of.space && keyOf(one) === keyOf(of));
    for (const of of wanted) if (!isReady(of)) await makeOne(of);
  };
}
