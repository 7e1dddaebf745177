import type { Database } from '../../platform/db/db.ts';
import { embeddingBatch } from '../inference/engines/embedding.ts';
import type { EmbeddingWork, Waiting } from '../knowledge/vectors/worker.ts';
import type { ConsentGate } from '../privacy/consents.service.ts';
import { policyOf } from './policy.ts';
import * as store from './vectors.store.ts';

/** Nobody tells that a person agreed after all, or that the policy changed. */
const askAgainSeconds = 300;

/** Approved memories get a vector each, as far as they may be recalled and a model may process them. */
export function createMemoryWork(parts: { db: Database; gateOf(orgId: string): Promise<ConsentGate> }): EmbeddingWork {
  const { db } = parts;

  const waitingOf = (orgId: string, space: string, memories: store.WaitingMemory[]): Waiting => ({
    texts: () => Promise.all(memories.map((memory) => store.openStatement(db.in(orgId), orgId, memory))),
    async put(vectors) {
      for (const [i, memory] of memories.entries())
        await store.putVector(db.in(orgId), orgId, memory, space, vectors[i] as Float32Array);
    },
    async markTried() {
      await store.markTried(
        db.in(orgId),
        orgId,
        memories.map(({ id }) => id),
      );
    },
  });

  return {
    name: 'memories',
    waits: (orgId, space) => store.anyWaits(db.in(orgId), orgId, space),
    /** As recall sees it: nothing of whoever does not agree to be remembered, nothing sensitive unless that is allowed. */
    async next(orgId, space, alone, signal) {
      const gate = await parts.gateOf(orgId);
      const { recallSensitive } = await policyOf(db.in(orgId), orgId);
      while (!signal.aborted) {
        const found = await store.waitingMemories(db.in(orgId), orgId, space, alone ? 1 : embeddingBatch);
        if (found.length === 0) return null;
        const clients = [...new Set(found.flatMap(({ clientId }) => clientId ?? []))];
        const unwilling = await gate.unwilling(db.in(orgId), clients, ['ai-processing', 'memory']);
        const isHidden = (one: store.WaitingMemory) => !recallSensitive && one.sensitivity === 'sensitive';
        const allowed = found.filter((one) => !isHidden(one) && !unwilling.includes(one.clientId ?? ''));
        // With all else that stands behind them in the queue, which would be looked through batch by batch otherwise.
        if (unwilling.length > 0) await store.putOffClients(db.in(orgId), orgId, space, unwilling, askAgainSeconds);
        if (found.some(isHidden)) await store.putOffSensitive(db.in(orgId), orgId, space, askAgainSeconds);
        if (allowed.length > 0) return waitingOf(orgId, space, allowed);
      }
      return null;
    },
  };
}
