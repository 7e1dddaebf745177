import type { Page } from '@rapport/protocol/common';
import type { InstrumentId, Questionnaire, QuestionnaireForm } from '@rapport/protocol/questionnaires';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { draft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import { instrumentOf, riskIn } from '../clients/instruments.ts';
import { requireComplete, type QuestionnaireService, type RiskyAnswer } from '../clients/questionnaires.service.ts';
import type { EscalationService } from '../supervision/escalations.service.ts';
import type { SessionAccess } from './access.ts';
import type { ConversationService } from './conversation.service.ts';
import type { SessionSafety } from './safety.ts';
import type { SessionRow } from './schema.ts';
import * as store from './store.ts';

export type SessionQuestionnaireService = ReturnType<typeof createSessionQuestionnaireService>;

interface Parts {
  db: Database;
  audit: Audit;
  access: SessionAccess;
  safety: SessionSafety;
  conversations: ConversationService;
  questionnaires: QuestionnaireService;
  escalations: Pick<EscalationService, 'raiseOfClient'>;
}

/** Questionnaires that clients are asked to fill in while they talk. */
export function createSessionQuestionnaireService(parts: Parts) {
  const { db, audit, access, safety, conversations, questionnaires } = parts;
  const { asked } = questionnaires;

  const lockOpen = async (tx: Tx, actor: Actor, id: string): Promise<SessionRow> => {
    const row = await access.lock(tx, actor, id);
    if (row.status === 'ended') throw new AppError('session-ended');
    return row;
  };
  const tell = (tx: Tx, actor: Actor, row: SessionRow, q: Pick<Questionnaire, 'id' | 'instrument' | 'state'>) => {
    const data = { questionnaireId: q.id, instrument: q.instrument, state: q.state };
    return access.append(tx, actor.orgId, row.room_id, [
      draft('session.questionnaire', 'all', asEventActor(actor), data),
    ]);
  };

  /** As after a grave message: the persona is silent, and a person is called. */
  const onRisk = async (tx: Tx, orgId: string, row: SessionRow, found: RiskyAnswer): Promise<void> => {
    const events = await safety.onAnswer(tx, orgId, row, found);
    tx.afterCommit(() => conversations.stopSoon(orgId, row.id));
    await access.append(tx, orgId, row.room_id, events);
  };

  return {
    /** Of the session, newest first, with scores. Throws `not-found`. */
    async list(actor: Actor, id: string, page: Page) {
      requireStaff(actor);
      await access.enter(actor, id);
      return questionnaires.page(actor, { clientId: null, sessionId: id }, page);
    },

    /** Throws `not-found`, `session-ended`, `wrong-state` while the client has one to fill in. */
    async ask(actor: Actor, id: string, instrument: InstrumentId): Promise<Questionnaire> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      return db.in(orgId).tx(async (tx) => {
        const row = await lockOpen(tx, actor, id);
        if (await asked.newest(tx, orgId, id))
          throw new AppError('wrong-state', { detail: 'A questionnaire waits for the client already.' });
        audit.record(tx, actor, 'questionnaire.asked', { session: id, client: row.client_id });
        const of = { clientId: row.client_id, session: { id, roomId: row.room_id } };
        const made = await asked.insert(tx, orgId, { id: newId(), instrument, createdBy: userId, of });
        await tell(tx, actor, row, made);
        return made;
      });
    },

    /** Nobody asks for it any more. Throws `not-found`, `wrong-state` for one that was filled in. */
    async withdraw(actor: Actor, id: string, questionnaireId: string): Promise<void> {
      requireStaff(actor);
      await db.in(actor.orgId).tx(async (tx) => {
        const row = await access.lock(tx, actor, id);
        const known = await asked.find(tx, actor.orgId, id, questionnaireId);
        if (!known) throw notFound();
        if (!(await asked.withdraw(tx, actor.orgId, id, questionnaireId)))
          throw new AppError('wrong-state', { detail: 'This questionnaire waits for nobody any more.' });
        audit.record(tx, actor, 'questionnaire.asked', { session: id, client: row.client_id });
        await tell(tx, actor, row, { ...known, state: 'withdrawn' });
      });
    },

    /** What the client is asked. Throws `not-found`. */
    async form(actor: Actor, id: string, questionnaireId: string): Promise<QuestionnaireForm> {
      await access.enter(actor, id);
      const found = await asked.find(db.in(actor.orgId), actor.orgId, id, questionnaireId);
      if (!found) throw notFound();
      const { title, question, options, items, source, language } = instrumentOf(found.instrument);
      const instrument = { title, question, options, items, source, language };
      return { id: found.id, state: found.state, instrument };
    },

    /** Throws `not-found`, `invalid-body`, `session-ended`, `wrong-state` where it was filled in or withdrawn. */
    async answer(actor: Actor, id: string, questionnaireId: string, given: number[]): Promise<void> {
      const { orgId } = actor;
      await db.in(orgId).tx(async (tx) => {
        const row = await lockOpen(tx, actor, id);
        const known = await asked.find(tx, orgId, id, questionnaireId);
        if (!known) throw notFound();
        requireComplete(known.instrument, given);
        const q = { id: questionnaireId, answers: given, filledBy: actor.kind, roomId: row.room_id };
        const answered = await asked.answer(tx, orgId, q);
        if (!answered) throw new AppError('wrong-state', { detail: 'This questionnaire waits for nobody any more.' });
        if (actor.kind === 'staff')
          audit.record(tx, actor, 'questionnaire.answered', { session: id, client: row.client_id });
        await tell(tx, actor, row, answered);
        const found = riskIn(instrumentOf(known.instrument), given);
        if (found) await onRisk(tx, orgId, row, { ...found, questionnaireId });
      });
    },

    /** For answers that were entered on the client's page: the person is called in their newest session, if there is one. */
    async onRiskOfClient(tx: Tx, orgId: string, clientId: string, found: RiskyAnswer): Promise<void> {
      const row = await store.lockNewestOf(tx, orgId, clientId);
      if (row) await onRisk(tx, orgId, row, found);
      else await parts.escalations.raiseOfClient(tx, orgId, clientId, found);
    },
  };
}
