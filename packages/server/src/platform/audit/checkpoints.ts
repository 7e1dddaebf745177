import type { AuditCheckpoint, AuditState } from '@rapport/protocol/audit';
import type { Clock } from '../clock.ts';
import type { Database, Db, Tx } from '../db/db.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { follows, merkleTree, origin } from './chain.ts';
import * as store from './checkpoints.store.ts';
import { checkpointHash, signCheckpoint, signingKey, signStub } from './signing.ts';
import type { Sink } from './sinks.ts';
import * as entries from './store.ts';

const batch = 1000;
const retryMs = 1000;
const brokenAt = (seq: number) => `The log does not hold together at entry ${seq}. Run: rapport verify-audit`;

interface Deps {
  db: Database;
  clock: Clock;
  log: Logger;
  sinks: readonly Sink[];
  /** For how long every sink may fail before acts are refused. */
  graceMs: number;
}

/** Signs how far the logs have grown, and ships what was signed to where nobody who can change a log can change it. */
export function createCheckpoints({ db, clock, log, sinks, graceMs }: Deps) {
  const failing = new Set<string>();
  let failingSince: number | null = null;
  let shipping: Promise<void> | undefined;
  let triedAt = 0;

  const sign = async (tx: Tx, orgId: string): Promise<AuditCheckpoint | null> => {
    await entries.lockLog(tx, orgId);
    const before = await store.newestCheckpoint(tx, orgId);
    const from = (before?.to ?? 0) + 1;
    const tree = merkleTree();
    let last: { seq: number; hash: Buffer } = {
      seq: from - 1,
      hash: before ? Buffer.from(before.head, 'hex') : origin,
    };
    for (let more = true; more;) {
      const page = await entries.readEntries(tx, orgId, last.seq, batch);
      for (const entry of page) {
        // What was changed is not signed over: the next checkpoint would bear false witness.
        if (!follows(orgId, last, entry)) throw new AppError('audit-broken', { detail: brokenAt(entry.seq) });
        tree.add(entry.hash);
        last = entry;
      }
      more = page.length === batch;
    }
    if (last.seq < from) return null;
    const key = await signingKey(tx, orgId);
    const checkpoint = signCheckpoint(key, {
      v: 1,
      org: orgId,
      n: (before?.n ?? 0) + 1,
      at: new Date(clock.now()).toISOString(),
      from,
      to: last.seq,
      head: last.hash.toString('hex'),
      root: tree.root().toString('hex'),
      prev: (before ? checkpointHash(before) : origin).toString('hex'),
      key: key.id,
      publicKey: key.publicKey.toString('base64url'),
    });
    await store.insertCheckpoint(tx, checkpoint);
    return checkpoint;
  };

  /** In order, so that what a sink has taken is told by the last. A checkpoint may arrive twice, from two servers. */
  const shipTo = async (sink: Sink): Promise<void> => {
    for (const orgId of await store.orgsWithUnshipped(db.everywhere, sink.name)) {
      for (let more = true; more;) {
        const page = await store.unshipped(db.in(orgId), orgId, sink.name, batch);
        if (page.length > 0) await sink.ship(page);
        for (const { n } of page) await store.insertShipment(db.in(orgId), orgId, n, sink.name);
        more = page.length === batch;
      }
    }
  };

  const shipAll = async (): Promise<void> => {
    triedAt = clock.now();
    for (const sink of sinks) {
      try {
        await shipTo(sink);
        failing.delete(sink.name);
      } catch (error) {
        failing.add(sink.name);
        log.error({ sink: sink.name, err: (error as Error).message }, 'audit checkpoints could not be shipped');
      }
    }
    const none = sinks.length > 0 && failing.size === sinks.length;
    failingSince = none ? (failingSince ?? triedAt) : null;
  };

  const ship = (): Promise<void> => (shipping ??= shipAll().finally(() => (shipping = undefined)));

  return {
    /** Signs what came since the last checkpoint; null where nothing did. It is shipped before this answers. */
    async checkpoint(orgId: string): Promise<AuditCheckpoint | null> {
      const made = await db.in(orgId).tx((tx) => sign(tx, orgId));
      await ship();
      return made;
    },

    /** Signs and ships for all organisations. */
    async checkpointAll(): Promise<void> {
      for (const orgId of await store.orgsToSign(db.everywhere)) {
        await db
          .in(orgId)
          .tx((tx) => sign(tx, orgId))
          .catch((error: Error) => log.error({ orgId, err: error.message }, 'no audit checkpoint was signed'));
      }
      await ship();
    },

    /** Throws `audit-unavailable` where every sink has failed for longer than the grace; they are tried again. */
    requireSink(): void {
      if (failingSince === null || clock.now() - failingSince < graceMs) return;
      if (clock.now() - triedAt >= retryMs) {
        ship().catch((error: Error) => log.error({ err: error.message }, 'audit checkpoints could not be shipped'));
      }
      throw new AppError('audit-unavailable', {
        detail: 'No place that audit checkpoints are shipped to can be written, so this is refused.',
      });
    },

    async state(orgId: string): Promise<AuditState> {
      const [head, newest] = await Promise.all([
        entries.findHead(db.in(orgId), orgId),
        store.newestCheckpoint(db.in(orgId), orgId),
      ]);
      const shipped = sinks.map(async ({ name }) => ({
        name,
        shippedTo: await store.shippedTo(db.in(orgId), orgId, name),
        failing: failing.has(name),
      }));
      return {
        lastSeq: head?.seq ?? 0,
        checkpointedTo: newest?.to ?? 0,
        checkpointAt: newest?.at ?? null,
        sinks: await Promise.all(shipped),
      };
    },

    /** How many entries `trim` would remove, and from when the first of them is. */
    async trimmable(scope: Db, orgId: string, before: string): Promise<{ count: number; oldest: string | null }> {
      const last = await store.newestBefore(scope, orgId, before);
      return store.countBefore(scope, orgId, last?.to ?? 0);
    },

    /**
     * Removes entries older than `before`, up to the newest checkpoint that covers only such, and leaves a signed stub: by
     * it the rest of the chain is still verified. To be called in a transaction that records `audit.trimmed`. Returns how
     * many entries went.
     */
    async trim(tx: Tx, orgId: string, before: string): Promise<number> {
      await entries.lockLog(tx, orgId);
      const last = await store.newestBefore(tx, orgId, before);
      if (!last) return 0;
      const key = await signingKey(tx, orgId);
      const at = new Date(clock.now()).toISOString();
      await store.insertStub(tx, orgId, {
        through_seq: last.to,
        at,
        hash: last.head,
        key_id: key.id,
        signature: signStub(key, orgId, last.to, at, last.head),
      });
      return store.trim(tx, orgId, last.to);
    },
  };
}
