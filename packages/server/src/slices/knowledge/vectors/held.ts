import type { Database } from '../../../platform/db/db.ts';
import type { Hidden, Scanned } from './matrix.ts';
import { createScanner } from './scanner.ts';
import * as store from './vectors.store.ts';

/** What is read of the database at once; in between other work of the process goes on. */
const blocksAtOnce = 50;
/** A base that nobody has asked for so long leaves the memory. */
const idleMs = 30 * 60_000;
/** A base that had no room may have it again. */
const sizeKnownMs = 60_000;
const mostScans = 3;

export interface Of {
  orgId: string;
  baseId: string;
  space: string;
  dimensions: number;
}

interface Held {
  key: string;
  of: Of;
  stamp: number;
  bytes: number;
  usedAt: number;
  running?: Promise<void> | undefined;
  next?: Promise<void> | undefined;
  tooLargeAt?: number;
}

export class TooLarge extends Error {}

/** The vectors of bases in memory, off the event loop, brought up to date before each look: at most so many bytes of them. */
export function createHeldVectors({ db, mostBytes }: { db: Database; mostBytes: number }) {
  const held = new Map<string, Held>();
  const scanner = createScanner(() => held.clear());

  const forget = (one: Held) => {
    held.delete(one.key);
    // A thread that is gone holds nothing any more.
    scanner.run({ do: 'forget', key: one.key }).catch(() => {});
  };

  /** What was asked for longest ago goes first. */
  const makeRoom = (keep: Held) => {
    const byAge = [...held.values()].sort((a, b) => a.usedAt - b.usedAt);
    let bytes = byAge.reduce((sum, one) => sum + one.bytes, 0);
    for (const one of byAge) {
      if (one === keep || (bytes <= mostBytes && Date.now() - one.usedAt < idleMs)) continue;
      bytes -= one.bytes;
      forget(one);
    }
    return bytes <= mostBytes;
  };

  const load = async (one: Held): Promise<void> => {
    const { orgId, baseId, space, dimensions } = one.of;
    const scope = db.in(orgId);
    if (one.stamp === 0 && (await store.sizeOf(scope, orgId, baseId, space)) > mostBytes) {
      one.tooLargeAt = Date.now();
      return;
    }
    for (let more = true; more && held.get(one.key) === one;) {
      const found = await store.vectorsAfter(scope, orgId, { baseId, space }, one.stamp, blocksAtOnce);
      const blocks = found.blocks.filter((block) => block.dimensions === dimensions);
      one.bytes += blocks.reduce((sum, { vectors }) => sum + vectors.byteLength, 0);
      if (!makeRoom(one)) {
        forget(one);
        throw new TooLarge();
      }
      if (blocks.length > 0) await scanner.run({ do: 'add', key: one.key, dimensions, blocks });
      one.stamp = found.stamp;
      more = found.more;
    }
  };

  /** Up to what was committed before this call: a look that has begun already may have missed it. */
  const refresh = (one: Held): Promise<void> => {
    one.next ??= (one.running ?? Promise.resolve())
      .catch(() => {})
      .then(() => {
        one.next = undefined;
        one.running = load(one);
        return one.running;
      });
    return one.next;
  };

  const find = (of: Of): Held => {
    const key = `${of.orgId}/${of.baseId}/${of.dimensions}/${of.space}`;
    const known = held.get(key);
    const settled = known?.tooLargeAt === undefined || Date.now() - known.tooLargeAt < sizeKnownMs;
    if (known && settled) return known;
    const made = { key, of, stamp: 0, bytes: 0, usedAt: Date.now() };
    held.set(key, made);
    return made;
  };

  return {
    /** The nearest of what may be found, best first; nothing of what was deleted before the call. Throws TooLarge. */
    async nearest(
      of: Of,
      question: Float32Array,
      asked: { hidden: Hidden; limit: number; marked: Set<number> },
    ): Promise<Scanned> {
      const one = find(of);
      one.usedAt = Date.now();
      await refresh(one);
      if (one.tooLargeAt !== undefined) throw new TooLarge();
      for (let scans = 1; ; scans += 1) {
        const { hits, pairs } = await scanner.run({ do: 'scan', key: one.key, question, ...asked });
        const there = await store.stillThere(db.in(of.orgId), of.orgId, [...new Set(hits.map(({ block }) => block))]);
        const gone = [...new Set(hits.map(({ block }) => block).filter((id) => !there.has(id)))];
        if (gone.length === 0 || scans === mostScans)
          return { hits: hits.filter(({ block }) => there.has(block)), pairs };
        await scanner.run({ do: 'drop', key: one.key, ids: gone });
      }
    },

    stop: scanner.stop,
  };
}
