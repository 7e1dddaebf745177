import type { EventActor } from '@rapport/protocol/events';
import type { Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import type { GenerationService } from '../inference/generations.service.ts';
import { withMarks } from '../knowledge/claims.ts';
import type { ReviewHandler } from '../supervision/reviews.service.ts';
import { personSpeaks } from '../supervision/service.ts';
import { strictest } from '@rapport/protocol/supervision';
import type { SessionAccess } from './access.ts';
import type { ConversationService } from './conversation.service.ts';
import * as messages from './messages.store.ts';
import type { SessionRow } from './schema.ts';
import { rungOf } from './session.ts';
import * as store from './store.ts';

const system: EventActor = { kind: 'system', id: null, name: null };

/** What a decision about a draft does to the conversation. */
export function createReviewHandler(parts: {
  log: Logger;
  access: SessionAccess;
  conversations: ConversationService;
  generations: GenerationService;
}): ReviewHandler {
  const { log, access, conversations, generations } = parts;

  const openSession = async (tx: Tx, orgId: string, id: string): Promise<SessionRow> => {
    const row = await store.lockSession(tx, orgId, id, null);
    if (!row || row.status === 'ended') throw new AppError('session-ended');
    return row;
  };

  return {
    async rungOf(tx, orgId, sessionId) {
      const row = await store.findSession(tx, orgId, sessionId, null);
      return row ? rungOf(row) : 'off';
    },

    async released(tx, orgId, review, { text: plain, citations, by, ...cited }) {
      const row = await openSession(tx, orgId, review.session_id);
      const rung = strictest(review.rung, rungOf(row));
      if (rung === 'off' || rung === 'takeover')
        throw new AppError('wrong-state', { detail: 'The persona may not speak in this session now.' });
      // Under `draft-only` the words are the person’s who sends them.
      const author = personSpeaks(rung) ? 'staff' : 'persona';
      const persona: EventActor = { kind: 'persona', id: row.persona_id, name: row.persona_name };
      const messageId = newId();
      const { text, claims } = withMarks(plain, cited.claims);
      const { id: replyId, engine, replaces } = review;
      const events: EventDraft[] = [
        draft('message.created', 'all', author === 'staff' ? by : persona, {
          messageId,
          author,
          text,
          replyId,
          engine,
          replaces,
          ...(citations.length ? { citations } : {}),
        }),
        draft('reply.completed', 'all', persona, { replyId, messageId, finishReason: 'stop' }),
      ];
      if (claims.length) events.splice(1, 0, draft('reply.checked', 'staff', persona, { replyId, messageId, claims }));
      const seq = await access.append(tx, orgId, row.room_id, events);
      if (replaces) await messages.supersede(tx, orgId, replaces);
      const said = { id: messageId, roomId: row.room_id, seq, author, text, replyId, engine } as const;
      await messages.insertMessage(tx, orgId, row.id, { ...said, citations, claims, replyStatus: 'completed' });
    },

    async withdrawn(tx, orgId, review, { released, guidance, by }) {
      const row = await openSession(tx, orgId, review.session_id);
      const { id: replyId, engine } = review;
      const persona: EventActor = { kind: 'persona', id: row.persona_id, name: row.persona_name };
      const messageId = released === '' ? null : newId();
      const guidanceId = guidance === null ? null : newId();
      const events: EventDraft[] = [];
      if (messageId) {
        const said = { messageId, author: 'persona' as const, text: released, replyId, engine };
        events.push(draft('message.created', 'all', persona, said));
      }
      events.push(draft('reply.stopped', 'all', system, { replyId, messageId, text: released }));
      if (guidance && guidanceId) events.push(draft('guidance.given', 'staff', by, { guidanceId, text: guidance }));
      const first = await access.append(tx, orgId, row.room_id, events);
      if (messageId) {
        const said = { id: messageId, roomId: row.room_id, seq: first, author: 'persona', text: released } as const;
        await messages.insertMessage(tx, orgId, row.id, { ...said, replyId, engine, replyStatus: 'stopped' });
      }
      if (guidance && guidanceId && by.id) {
        const seq = first + events.length - 1;
        const given = { id: guidanceId, roomId: row.room_id, seq, text: guidance, createdBy: by.id };
        await messages.insertGuidance(tx, orgId, row.id, given);
      }
    },

    settled(orgId, review) {
      generations
        .stop(orgId, review.id)
        .then(() => conversations.answerPending(orgId, review.session_id))
        .catch((error: Error) =>
          log.warn({ err: error.message }, 'what follows a decision waits for the next message'),
        );
    },
  };
}
