import type { Database } from '../../../platform/db/db.ts';
import { newId } from '../../../platform/ids.ts';
import { embeddingBatch } from '../../inference/engines/embedding.ts';
import type { EmbeddingWork, Waiting } from './worker.ts';
import * as store from './vectors.store.ts';
import type { Part, PartText } from './vectors.store.ts';

/** Passages get their vectors part by part of the index. `onDone`: all that was waiting in these bases has them now. */
export function createPassageWork(parts: {
  db: Database;
  onDone(orgId: string, baseIds: string[]): Promise<void>;
}): EmbeddingWork {
  const { db } = parts;
  const touched = new Map<string, Set<string>>();

  const waitingOf = (orgId: string, space: string, waiting: Part[]): Waiting => {
    const read: { part: Part; text: PartText }[] = [];
    return {
      async texts() {
        for (const part of waiting) {
          const text = await store.textsOf(db.in(orgId), orgId, part);
          if (text) read.push({ part, text });
        }
        return read.flatMap(({ text }) => text.texts);
      },
      async put(vectors) {
        let at = 0;
        for (const { part, text } of read) {
          const own = vectors.slice(at, at + text.texts.length);
          at += own.length;
          const made = { id: newId(), chunkId: text.chunkId, space, vectors: own };
          await db.in(orgId).tx((tx) => store.putVectors(tx, orgId, part, made));
        }
        const bases = touched.get(orgId) ?? new Set();
        for (const { baseId } of waiting) bases.add(baseId);
        touched.set(orgId, bases);
      },
      async markTried() {
        await store.markTried(db.in(orgId), orgId, waiting);
      },
    };
  };

  return {
    name: 'passages',
    waits: (orgId, space) => store.anyWaits(db.in(orgId), orgId, space),
    /** Short documents together, so that one call serves many. */
    async next(orgId, space, alone) {
      const fresh = await store.freshParts(db.in(orgId), orgId, space, alone ? 1 : embeddingBatch);
      const waiting = fresh.length > 0 ? fresh : await store.failedPart(db.in(orgId), orgId, space);
      return waiting.length === 0 ? null : waitingOf(orgId, space, waiting);
    },
    async onDone(orgId) {
      await parts.onDone(orgId, [...(touched.get(orgId) ?? [])]);
      touched.delete(orgId);
    },
  };
}
