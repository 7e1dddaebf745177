import type { Message } from '@rapport/protocol/sessions';
import type { Database } from '../../platform/db/db.ts';
import type { ClientService } from '../clients/service.ts';
import type { DeidSource } from '../privacy/deid.service.ts';
import type { SessionAccess } from './access.ts';
import type { ConversationService } from './conversation.service.ts';
import { subjectOf } from './session.ts';
import * as store from './store.ts';

const pageSize = 200;

/** Conversations for de-identified exports, with everything that is known to identify the people in them. */
export function createDeidSource(parts: {
  db: Database;
  access: SessionAccess;
  clients: ClientService;
  conversations: ConversationService;
}): DeidSource {
  const { db, access, clients, conversations } = parts;
  return {
    async read(actor, sessionId) {
      const row = await access.enter(actor, sessionId);
      const client = row.client_id ? await clients.get(actor, row.client_id) : null;
      const messages: Message[] = [];
      for (let before: number | null = null; ;) {
        const page: { items: Message[]; next: string | null } = await conversations.messages(
          actor,
          sessionId,
          before,
          pageSize,
        );
        messages.unshift(...page.items);
        if (!page.next || !page.items[0]) break;
        before = page.items[0].seq;
      }
      const writers = await store.namesInRoom(db.in(actor.orgId), actor.orgId, row.room_id);
      return {
        sessionId,
        roomId: row.room_id,
        subject: subjectOf(row),
        startedAt: row.created_at,
        names: [client?.name, row.client_name, row.alias, ...writers].filter((name) => name != null),
        about: client?.about ? [client.about] : [],
        messages: messages.map(({ author, text, createdAt }) => ({ author, text, at: createdAt })),
      };
    },
    async subjectOf(orgId, sessionId) {
      const row = await store.findSession(db.in(orgId), orgId, sessionId);
      return row ? subjectOf(row) : null;
    },
  };
}
