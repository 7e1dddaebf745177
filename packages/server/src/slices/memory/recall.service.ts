import type { Memory, ReplyContext } from '@rapport/protocol/memory';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ConsentGate } from '../privacy/consents.service.ts';
import { putContext, readContext, type Given } from './context.store.ts';
import type { VectorChannel } from '../knowledge/vectors/channel.ts';
import type { Meaning } from '../knowledge/retrieval.ts';
import { languageOf } from '../knowledge/terms.ts';
import type { MemoryPlaces } from './evidence.ts';
import type { Meant } from './meaning.ts';
import { policyOf } from './policy.ts';
import { chooseMemories, type Recalled } from './recall.ts';
import * as store from './store.ts';
import { vectorsOf } from './vectors.store.ts';

export type RecallService = ReturnType<typeof createRecallService>;

/** Bounds what a turn reads and ranks. */
const mostCandidates = 500;

/** What may be recalled in a turn, before it is known what the turn is about. */
interface Candidates {
  memories: Memory[];
  budgetTokens: number;
}

/** What goes into a prompt, and the record of it. */
export function createRecallService(parts: {
  db: Database;
  audit: Audit;
  log: Logger;
  vectors: Pick<VectorChannel, 'background'>;
  places(): MemoryPlaces;
}) {
  const { db, audit, log, places } = parts;

  /** What the turn is compared with by its meaning; null: the words answer alone. */
  const meantBy = async (orgId: string, memories: Memory[], meaning: Meaning): Promise<Meant | null> => {
    // The background is English, and nearer to English whatever it says.
    if (languageOf(memories.map(({ statement }) => statement).join('\n'), null) !== 'en') return null;
    try {
      const asked = await meaning();
      if (!('vector' in asked)) return null;
      const ids = memories.map(({ id }) => id);
      const vectors = await vectorsOf(db.in(orgId), orgId, ids, asked.space);
      const background = vectors.size > 0 ? await parts.vectors.background(orgId, asked.space) : null;
      return background && { question: asked.vector, vectors, background };
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'memories could not be compared by meaning; words answer');
      return null;
    }
  };

  return {
    /** Nothing of a client who has not agreed to be remembered, where that is asked for. */
    async candidates(
      within: Db,
      orgId: string,
      gate: ConsentGate,
      { clientId, threadId, personaId }: { clientId: string | null; threadId: string | null; personaId: string },
    ): Promise<Candidates> {
      const [{ budgetTokens, recallSensitive }, missing] = await Promise.all([
        policyOf(within, orgId),
        gate.missing(within, clientId === null ? null : { kind: 'client', id: clientId }, ['memory']),
      ]);
      const of = { clientId: missing.length > 0 ? null : clientId, threadId, personaId };
      const memories =
        budgetTokens === 0 ? [] : await store.recallable(within, orgId, of, recallSensitive, mostCandidates);
      return { memories, budgetTokens };
    },

    /** `questions`: what the client said, the last of it last; `meaning`: the vector of the last. */
    async choose(
      orgId: string,
      { memories, budgetTokens }: Candidates,
      questions: string[],
      meaning: Meaning,
    ): Promise<Recalled[]> {
      if (memories.length === 0) return [];
      const meant = await meantBy(orgId, memories, meaning);
      return chooseMemories(memories, questions, { budgetTokens, now: Date.now(), meant });
    },

    async record(orgId: string, given: Given): Promise<void> {
      if (given.memories.length + given.passages.length > 0) await putContext(db.in(orgId), orgId, given);
    },

    /** What a reply was given. Throws `not-found`, also for a client. */
    async contextOf(actor: Actor, sessionId: string, replyId: string): Promise<ReplyContext> {
      requireStaff(actor);
      const { clientId } = await places().enter(actor, sessionId);
      await audit.read(actor, 'session.replies-read', { session: sessionId, client: clientId });
      if (!(await places().hasReply(actor.orgId, sessionId, replyId))) throw notFound();
      return readContext(db.in(actor.orgId), actor.orgId, sessionId, replyId);
    },
  };
}
