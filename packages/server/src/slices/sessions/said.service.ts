import type { SaidMessage, SaidQuery } from '@rapport/protocol/sessions';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { siftPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { viewerOf } from '../clients/caseload.ts';
import type { ClientService } from '../clients/service.ts';
import { saidWith } from './messages.store.ts';

export type SaidService = ReturnType<typeof createSaidService>;

const shown = 300;
/** Of what stands before the words asked for. */
const before = 60;

/** So much of a text that the words asked for stand in it. */
function excerptOf(text: string, asked: string | undefined): string {
  const at = asked ? text.toLowerCase().indexOf(asked) : -1;
  const start = at + (asked?.length ?? 0) > shown ? at - before : 0;
  return `${start > 0 ? '… ' : ''}${text.slice(start, start + shown)}${text.length > start + shown ? ' …' : ''}`;
}

/** What was said with a client, across their sessions. */
export function createSaidService({ db, audit, clients }: { db: Database; audit: Audit; clients: ClientService }) {
  return {
    /** Newest first. Throws `not-found`. */
    async list(
      actor: Actor,
      clientId: string,
      query: z.output<typeof SaidQuery>,
    ): Promise<{ items: SaidMessage[]; next: string | null }> {
      requireStaff(actor);
      await clients.get(actor, clientId);
      const { orgId } = actor;
      const asked = query.q?.toLowerCase();
      const wanted = asked ? ({ text }: SaidMessage) => text.toLowerCase().includes(asked) : null;
      const page = await siftPage(query, wanted, (from, most) =>
        saidWith(db.in(orgId), orgId, clientId, viewerOf(actor), from, most),
      );
      const session = [...new Set(page.items.map(({ sessionId }) => sessionId))];
      await audit.read(actor, 'session.messages-read', { session, client: clientId });
      return { ...page, items: page.items.map((one) => ({ ...one, text: excerptOf(one.text, asked) })) };
    },
  };
}
