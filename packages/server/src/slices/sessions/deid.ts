import type { Message } from '@rapport/protocol/sessions';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { identifiersOfClient } from '../clients/service.ts';
import type { DeidSource } from '../privacy/deid.service.ts';
import { listMessages } from './messages.store.ts';
import { subjectOf } from './session.ts';
import * as store from './store.ts';

const pageSize = 200;

/**
 * Conversations for de-identified exports, with everything that is known to identify the people in them. Whoever prepares
 * an export need not be one who may see its clients: what was said reaches only the reviewer.
 */
export function createDeidSource({ db }: { db: Database }): DeidSource {
  const messagesOf = async (orgId: string, sessionId: string): Promise<Message[]> => {
    const pages: Message[][] = [];
    for (let before: number | null = null; ;) {
      const page: Message[] = await listMessages(db.in(orgId), orgId, sessionId, before, pageSize);
      pages.unshift(page);
      if (page.length < pageSize || !page[0]) return pages.flat();
      before = page[0].seq;
    }
  };

  return {
    async read(orgId, sessionId) {
      const row = await store.findSession(db.in(orgId), orgId, sessionId, null);
      if (!row) throw notFound();
      const client = await identifiersOfClient(db.in(orgId), orgId, row.client_id);
      const writers = await store.namesInRoom(db.in(orgId), orgId, row.room_id);
      return {
        sessionId,
        roomId: row.room_id,
        subject: subjectOf(row),
        startedAt: row.created_at,
        names: [client.name, row.client_name, row.alias, ...writers].filter((name) => name !== null),
        about: client.about,
        messages: (await messagesOf(orgId, sessionId)).map(({ author, text, createdAt }) => ({
          author,
          text,
          at: createdAt,
        })),
      };
    },
    pick: (orgId, wanted, limit) => store.pickSessions(db.in(orgId), orgId, wanted, limit),
    async subjectOf(orgId, sessionId) {
      const row = await store.findSession(db.in(orgId), orgId, sessionId, null);
      return row ? subjectOf(row) : null;
    },
  };
}
