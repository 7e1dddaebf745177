import pg from 'pg';
import type { Database } from '../../../../platform/db/db.ts';
import { asOwner } from '../../../../platform/db/owner.ts';
import type { Logger } from '../../../../platform/logger.ts';
import { createRounds } from '../../../../platform/rounds.ts';
import type { Bases } from '../../readers.ts';
import { vectorsAfter } from '../vectors.store.ts';
import type { Embedders } from '../worker.ts';
import * as schema from './nearby.schema.ts';
import * as store from './nearby.store.ts';
import type { Indexed } from './nearby.store.ts';

const lookMs = 5000;
const blocksAtOnce = 10;

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

/** A base that has an index keeps it until it is half as large, so that none is made and dropped by turns. */
export function wantsIndex(
  { chunks, dimensions }: { chunks: number; dimensions: number },
  rule: { from: number; tooLarge: number; has: boolean },
): boolean {
  if (dimensions > store.mostDimensions) return false;
  const share = rule.has ? 2 : 1;
  return chunks * share >= rule.from || chunks * dimensions * 4 * share > rule.tooLarge;
}

const keyOf = ({ orgId, baseId }: { orgId: string; baseId: string }): string => `${orgId}/${baseId}`;

/**
 * Vectors of large bases in clear in the database, searched over an index of pgvector, where an administrator wants that and
 * the extension is there. Copied from the sealed vectors, and dropped where it is not wanted any more.
 */
export function createNearby({ db, owner, log, embedders, from, tooLarge }: Parts) {
  let open = false;
  const ended = new AbortController();
  let starting: Promise<void> | undefined;

  /** Also what a restored copy says of an index that is not here. */
  const prepareNone = async (): Promise<void> => {
    if (!(await store.isStanding(db.everywhere))) return;
    await asOwner(owner, schema.dropTable);
    log.info('indexes of vectors were dropped, with all that stood in clear in them');
  };

  const prepare = async (): Promise<void> => {
    if (from === null) return prepareNone();
    const { name } = await db.everywhere.one<{ name: string }>('select current_user as name');
    try {
      await asOwner(owner, (client) => schema.makeTable(client, pg.escapeIdentifier(name)));
      open = true;
    } catch (error) {
      if (!(error instanceof schema.NoIndex)) throw error;
      await prepareNone();
      log.warn(`RAPPORT_PGVECTOR_FROM is set, but ${error.message}. Until then vectors are looked through one by one.`);
    }
  };

  /** Copies what was sealed before its index began. False: it was given up, or the server ends. */
  const copy = async (of: Indexed, after: number): Promise<boolean> => {
    const scope = db.in(of.orgId);
    for (let stamp = after, more = true; more;) {
      if (ended.signal.aborted) return false;
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

  /** One server at a time; the lock goes with the connection, also where the server ends without a word. */
  const work = (of: Indexed): Promise<void> =>
    asOwner(owner, async (client) => {
      const { rows } = await client.query<{ locked: boolean; pid: number }>(
        'select pg_try_advisory_lock(hashtextextended($1, 32)) as locked, pg_backend_pid() as pid',
        [of.baseId],
      );
      if (!rows[0]?.locked) return;
      const { pid } = rows[0];
      const cancel = () => void db.everywhere.exec('select pg_cancel_backend($1)', [pid]).catch(() => {});
      ended.signal.addEventListener('abort', cancel);
      try {
        const { stamp } = await db.in(of.orgId).tx((tx) => store.beginIndex(tx, of));
        if (!(await copy(of, stamp))) return;
        await schema.makeIndex(client, of);
        await store.markReady(db.in(of.orgId), of);
      } finally {
        ended.signal.removeEventListener('abort', cancel);
      }
    });

  const wantedNow = async (has: Set<string>): Promise<Indexed[]> => {
    const wanted: Indexed[] = [];
    for (const orgId of await embedders.organisationsWithEmbedder()) {
      const embedder = await embedders.embedderFor(orgId);
      if (!embedder) continue;
      const { space } = embedder;
      for (const { baseId, dimensions, chunks } of await store.sizesOf(db.in(orgId), orgId, space)) {
        const rule = { from: from ?? Infinity, tooLarge, has: has.has(keyOf({ orgId, baseId })) };
        if (wantsIndex({ chunks, dimensions }, rule)) wanted.push({ orgId, baseId, space, dimensions });
      }
    }
    return wanted;
  };

  const round = async (): Promise<void> => {
    if (!open) return;
    const states = await store.listStates(db.everywhere);
    const wanted = await wantedNow(new Set(states.map(keyOf)));
    const keys = new Set(wanted.map(keyOf));
    for (const { orgId, baseId } of states.filter((one) => !keys.has(keyOf(one)))) {
      await db.in(orgId).tx(async (tx) => {
        await store.lockStamps(tx, baseId);
        await store.dropRows(tx, orgId, baseId);
      });
    }
    const indexes = await store.indexesOf(db.everywhere);
    const names = new Set(wanted.map(schema.indexNameOf));
    const idle = indexes.filter(({ name }) => !names.has(name));
    if (idle.length > 0) {
      await asOwner(owner, async (client) => {
        for (const { name } of idle) await schema.dropIndex(client, name);
      });
    }
    const whole = new Set(indexes.filter(({ valid }) => valid).map(({ name }) => name));
    const ready = new Set(
      states
        .filter((one) => one.ready && whole.has(schema.indexNameOf(one)))
        .map((one) => `${keyOf(one)} ${one.space}`),
    );
    for (const of of wanted) {
      if (ended.signal.aborted) return;
      if (!ready.has(`${keyOf(of)} ${of.space}`)) await work(of);
    }
  };

  const rounds = createRounds(lookMs, round, ({ message }) =>
    log.warn({ err: message }, 'an index of vectors was left to the next look'),
  );

  return {
    /** Whether the vectors of a base stand in its index, all of them. */
    holds: async (of: Indexed): Promise<boolean> => open && store.isReady(db.in(of.orgId), of),

    /** The nearest, best first. */
    nearest: (of: Indexed, bases: Bases, question: Float32Array, asked: { limit: number; ms: number }) =>
      db.in(of.orgId).tx((tx) => store.nearest(tx, of, bases, question, asked)),

    look: rounds.look,

    start(): void {
      starting = prepare().then(rounds.look, ({ message }: Error) =>
        log.warn({ err: message }, 'the index of vectors could not be prepared; they are looked through one by one'),
      );
      rounds.start();
    },

    async stop(): Promise<void> {
      ended.abort();
      await starting;
      await rounds.stop();
    },
  };
}

export type Nearby = ReturnType<typeof createNearby>;
