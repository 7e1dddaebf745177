import type { ClientService } from '../clients/service.ts';
import type { ConsentPlaces } from '../privacy/consents.service.ts';
import { columnsOf } from '../privacy/schema.ts';
import type { SessionAccess } from './access.ts';
import type { ConversationService } from './conversation.service.ts';
import { subjectOf } from './session.ts';
import * as store from './store.ts';

/** What consents need of sessions: whom they are about, and that a no is heard in all of them at once. */
export function createConsentPlaces(parts: {
  access: SessionAccess;
  clients: ClientService;
  conversations: ConversationService;
}): ConsentPlaces {
  const { access, clients, conversations } = parts;
  return {
    async subjectOf(actor, sessionId) {
      const row = await access.enter(actor, sessionId);
      return subjectOf(row) ?? { kind: 'session', id: row.id };
    },
    requireClient: (actor, clientId) => clients.get(actor, clientId),
    async lockOpen(tx, orgId, subject) {
      return store.lockOpenOf(tx, orgId, ...columnsOf(subject));
    },
    append: (tx, orgId, roomId, events) => access.append(tx, orgId, roomId, events),
    stopReply: (orgId, sessionId) => conversations.stopRunning(orgId, sessionId),
    answerPending: (orgId, sessionId) => conversations.answerPending(orgId, sessionId),
  };
}
