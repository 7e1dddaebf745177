import type { Page } from '@rapport/protocol/common';
import type { Questionnaire, QuestionnaireEnter, QuestionnaireEntered } from '@rapport/protocol/questionnaires';
import type { RiskCategory } from '@rapport/protocol/safety';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { instrumentOf, isComplete, riskIn } from './instruments.ts';
import * as store from './questionnaires.store.ts';
import type { ClientService } from './service.ts';

export type QuestionnaireService = ReturnType<typeof createQuestionnaireService>;

/** An answer that calls a person, and where it was given. */
export interface RiskyAnswer {
  questionnaireId: string;
  text: string;
  category: RiskCategory;
}

interface Parts {
  db: Database;
  audit: Audit;
  clients: ClientService;
  /** Calls a person, in the transaction of the answers. */
  onRisk(tx: Tx, orgId: string, clientId: string, found: RiskyAnswer): Promise<void>;
}

const steps = { answer: store.answer, withdraw: store.withdraw };

/** Throws `invalid-body` where an item has no answer. */
export function requireComplete(instrument: QuestionnaireEnter['instrument'], answers: number[]): void {
  if (isComplete(instrumentOf(instrument), answers)) return;
  const message = 'One answer for each item.';
  throw new AppError('invalid-body', { errors: [{ pointer: '/answers', message }] });
}

/** What clients answered on questionnaires, and what the team enters for them. */
export function createQuestionnaireService({ db, audit, clients, onRisk }: Parts) {
  return {
    /** For the transactions of sessions, which ask for them and take the answers. */
    asked: { insert: store.insertAsked, newest: store.findAsked, find: store.findOfSession, ...steps },

    /** Newest first. Throws `not-found`. */
    async ofClient(actor: Actor, clientId: string, page: Page) {
      await clients.get(actor, clientId);
      return this.page(actor, { clientId, sessionId: null }, page);
    },

    /** Of whom the caller has seen. */
    async page(
      actor: Actor,
      of: { clientId: string | null; sessionId: string | null },
      { cursor, limit }: Page,
    ): Promise<{ items: Questionnaire[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(cursor, 1) ?? [];
      const found = await store.list(db.in(actor.orgId), actor.orgId, of, before, limit + 1);
      return toPage(
        found,
        limit,
        (one) => one,
        (one) => encodeCursor(one.id),
      );
    },

    /** What was filled in on paper or in talking. Throws `not-found`, `invalid-body`. */
    async enter(actor: Actor, clientId: string, body: QuestionnaireEnter): Promise<QuestionnaireEntered> {
      requireStaff(actor);
      await clients.get(actor, clientId);
      const { instrument, answers, answeredAt } = body;
      requireComplete(instrument, answers);
      if (answeredAt && Date.parse(answeredAt) > Date.now())
        throw new AppError('invalid-body', { errors: [{ pointer: '/answeredAt', message: 'This is in the future.' }] });
      const { orgId, userId } = actor;
      const id = newId();
      return audit.acting(actor, 'questionnaire.answered', { client: clientId }, async (tx) => {
        const entered = { id, instrument, createdBy: userId, clientId, answers, answeredAt };
        const made = await store.insertEntered(tx, orgId, entered);
        const found = riskIn(instrumentOf(instrument), answers);
        if (found) await onRisk(tx, orgId, clientId, { ...found, questionnaireId: id });
        return { ...made, personCalled: found !== null };
      });
    },
  };
}
