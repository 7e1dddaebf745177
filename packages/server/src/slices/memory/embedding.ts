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

  /** As recall sees it: nothing of whoever does not agree to be remembered, nothing sensitive unless that is allowed. */
  const mayBeSent = async (orgId: string, found: store.WaitingMemory[]): Promise<store.WaitingMemory[]> => {
    const gate = await parts.gateOf(orgId);
    const { recallSensitive } = await policyOf(db.in(orgId), orgId);
    const clients = new Map<string | null, boolean>();
    for (const clientId of new Set(found.map((one) => one.clientId))) {
      const subject = clientId === null ? null : { kind: 'client' as const, id: clientId };
      const missing = await gate.missing(db.in(orgId), subject, ['ai-processing', 'memory']);
      clients.set(clientId, missing.length === 0);
    }
    return found.filter(
      ({ clientId, sensitivity }) => clients.get(clientId) && (recallSensitive || sensitivity === 'normal'),
    );
  };

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
    async next(orgId, space, alone) {
      for (;;) {
        const found = await store.waitingMemories(db.in(orgId), orgId, space, alone ? 1 : embeddingBatch);
        const allowed = await mayBeSent(orgId, found);
        const others = found.filter((one) => !allowed.includes(one)).map(({ id }) => id);
        if (others.length > 0) await store.putOff(db.in(orgId), orgId, others, askAgainSeconds);
        if (allowed.length > 0 || found.length === 0)
          return found.length === 0 ? null : waitingOf(orgId, space, allowed);
      }
    },
  };
}
