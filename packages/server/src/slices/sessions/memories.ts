import type { GenerationService } from '../inference/generations.service.ts';
import type { MemoryPlaces } from '../memory/evidence.ts';
import type { SessionAccess } from './access.ts';
import { messagesById } from './messages.store.ts';

/** What memories need of sessions: what was said, by whom and with whom. */
export function createMemoryPlaces(parts: { access: SessionAccess; generations: GenerationService }): MemoryPlaces {
  const { access, generations } = parts;
  return {
    said: (db, orgId, ids) => messagesById(db, orgId, ids),
    async enter(actor, sessionId) {
      const { client_id: clientId, thread_id: threadId } = await access.enter(actor, sessionId);
      return { clientId, threadId };
    },
    hasReply: (orgId, sessionId, replyId) => generations.exists(orgId, sessionId, replyId),
  };
}
