import type {
  Escalation,
  EscalationKind,
  EscalationQuery,
  Flag,
  RiskCategory,
  RiskFinding,
  RiskLevel,
} from '@rapport/protocol/safety';
import type { Page } from '@rapport/protocol/common';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import { viewerOf } from '../clients/caseload.ts';
import type { RiskyAnswer } from '../clients/questionnaires.service.ts';
import * as store from './escalations.store.ts';
import type { Assessment } from './risk/assess.ts';
import type { SafetyService } from './safety.service.ts';

export type EscalationService = ReturnType<typeof createEscalationService>;

const system = { kind: 'system', id: null, name: null } as const;

/** Appends to the log of a session; of what concerns none, the team's lists alone are told. */
export type TellTeam = (tx: Tx, orgId: string, roomId: string | null, events: EventDraft[]) => Promise<void>;

/** Where something was found: in a message of the client's or in the words of a reply. */
export interface Flagged {
  sessionId: string;
  roomId: string;
  messageId: string | null;
  replyId: string | null;
  /** In answers, of which `text` is the one. */
  questionnaireId?: string;
  text: string;
}

async function toEscalation(db: Db, orgId: string, row: store.EscalationRow): Promise<Escalation> {
  return {
    id: row.id,
    sessionId: row.session_id,
    sessionTitle: row.title,
    client: row.client_id && row.client_name ? { id: row.client_id, name: row.client_name } : null,
    alias: row.alias,
    kind: row.kind,
    status: row.status,
    category: row.category,
    level: row.level,
    evidence: await store.openEvidence(db, orgId, row),
    raisedAt: row.raised_at,
    dueAt: row.due_at,
    overdue: row.overdue,
    rehearsal: row.rehearsal,
    pages: row.pages,
    fallbackAt: row.fallback_at,
    acknowledgedBy: row.acknowledged_name,
    acknowledgedAt: row.acknowledged_at,
    resolvedBy: row.resolved_name,
    resolvedAt: row.resolved_at,
    note: await store.openNote(db, orgId, row),
  };
}

/** Calls for a person: raised in the transaction of what calls for one, so that none is lost with a server. */
export function createEscalationService(parts: {
  db: Database;
  audit: Audit;
  safety: SafetyService;
  tell: TellTeam;
  /** After the commit of one that was raised: somebody is to be written to at once. */
  onRaised(): void;
}) {
  const { db, audit, safety, tell, onRaised } = parts;

  /** Changes one that this actor may see; `work` says whether it could. */
  const change = async (
    actor: Actor,
    id: string,
    act: 'escalation.acknowledged' | 'escalation.resolved',
    work: (tx: Tx, row: store.EscalationRow, userId: string) => Promise<{ done: boolean; events: EventDraft[] }>,
  ): Promise<Escalation> => {
    requireStaff(actor);
    const { orgId } = actor;
    return db.in(orgId).tx(async (tx) => {
      const row = await store.findEscalation(tx, orgId, viewerOf(actor), id);
      if (!row) throw notFound();
      const { done, events } = await work(tx, row, actor.userId);
      if (!done) throw new AppError('conflict', { detail: 'Somebody was faster. Reload to see who.' });
      audit.record(tx, actor, act, { escalation: id, session: row.session_id, client: row.client_id });
      await tell(tx, orgId, row.room_id, [draft(act, 'staff', asEventActor(actor), { escalationId: id }), ...events]);
      const changed = await store.findEscalation(tx, orgId, null, id);
      if (!changed) throw notFound();
      return toEscalation(tx, orgId, changed);
    });
  };

  return {
    /** Stores what was found; returns its id and the event for staff. Nothing found: undefined. */
    async flag(tx: Tx, orgId: string, where: Flagged, { level, findings }: Assessment) {
      const [worst] = findings;
      if (!worst) return undefined;
      const { text, sessionId, roomId, ...place } = where;
      const id = newId();
      const evidence = text.slice(worst.start, worst.end);
      const flag = { ...place, level, category: worst.category, findings, evidence };
      await store.insertFlag(tx, orgId, { id, where: { sessionId, roomId }, ...flag });
      const { messageId, replyId, questionnaireId = null } = where;
      const data = { flagId: id, messageId, replyId, questionnaireId, level, category: worst.category, findings };
      return { id, event: draft('flag.raised', 'staff', system, data) };
    },

    /**
     * Calls a person, in the caller's transaction; the team is written to after its commit. `event` null: one of this kind
     * is open in the session already.
     */
    async raise(
      tx: Tx,
      orgId: string,
      what: {
        sessionId: string;
        kind: EscalationKind;
        category: RiskCategory | null;
        level: RiskLevel | null;
        flagId: string | null;
        /** In which the client is spoken to. */
        language: string;
      },
    ): Promise<{ id: string; event: EventDraft | null }> {
      const id = newId();
      const { ackSeconds } = await safety.within(tx, orgId);
      const made = await store.insertEscalation(tx, orgId, { ...what, id, ackSeconds });
      if (!made) {
        const known = await store.findUnresolved(tx, orgId, what.sessionId, what.kind);
        return { id: known?.id ?? id, event: null };
      }
      tx.afterCommit(onRaised);
      const data = { escalationId: id, kind: what.kind, category: what.category, dueAt: made.dueAt };
      return { id, event: draft('escalation.raised', 'staff', system, data) };
    },

    /** For an answer entered for a client who has no session: nobody is shown a text, the team alone is called. */
    async raiseOfClient(tx: Tx, orgId: string, clientId: string, answer: RiskyAnswer): Promise<void> {
      const { questionnaireId, text, category } = answer;
      const [id, flagId] = [newId(), newId()];
      const finding = { category, level: 'high', ruleId: 'en/questionnaire', start: 0, end: text.length } as const;
      const found = { level: 'high', category, findings: [finding], evidence: text } as const;
      const place = { messageId: null, replyId: null, questionnaireId };
      await store.insertFlag(tx, orgId, { id: flagId, where: { clientId }, ...place, ...found, findings: [finding] });
      const { ackSeconds, language } = await safety.within(tx, orgId);
      const what = { id, clientId, category, level: 'high', flagId, language, ackSeconds } as const;
      const made = await store.insertOfClient(tx, orgId, what);
      if (!made) return;
      tx.afterCommit(onRaised);
      const data = { escalationId: id, kind: 'risk' as const, category, dueAt: made.dueAt };
      await tell(tx, orgId, null, [draft('escalation.raised', 'staff', system, data)]);
    },

    /** Whether a message was so grave that no model answers it. */
    isGrave: (tx: Tx, orgId: string, messageId: string) => store.isGrave(tx, orgId, messageId),

    /** Throws `wrong-state` while nobody has acknowledged what was raised. */
    async requireNoneOpen(tx: Tx, orgId: string, sessionId: string): Promise<void> {
      if (await store.hasOpen(tx, orgId, sessionId))
        throw new AppError('wrong-state', { detail: 'Acknowledge the escalation of this session first.' });
    },

    /** Newest first, of the sessions one may see. */
    async list(actor: Actor, query: EscalationQuery): Promise<{ items: Escalation[]; next: string | null }> {
      requireStaff(actor);
      const { orgId } = actor;
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const { status, sessionId } = query;
      const rows = await store.listEscalations(
        db.in(orgId),
        orgId,
        viewerOf(actor),
        { status, sessionId },
        before,
        query.limit + 1,
      );
      const page = toPage(
        rows,
        query.limit,
        (row) => row,
        (row) => encodeCursor(row.id),
      );
      await audit.read(actor, 'escalation.listed', { escalation: page.items.map(({ id }) => id) });
      return { ...page, items: await Promise.all(page.items.map((row) => toEscalation(db.in(orgId), orgId, row))) };
    },

    /** What was found in a session, newest first; nothing of one that the actor may not see. */
    async flags(actor: Actor, sessionId: string, query: Page): Promise<{ items: Flag[]; next: string | null }> {
      requireStaff(actor);
      const { orgId } = actor;
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const rows = await store.listFlags(db.in(orgId), orgId, viewerOf(actor), sessionId, before, query.limit + 1);
      const page = toPage(
        rows,
        query.limit,
        (row) => row,
        (row) => encodeCursor(row.id),
      );
      const items = await Promise.all(
        page.items.map(async (row) => ({
          id: row.id,
          messageId: row.message_id,
          replyId: row.reply_id,
          questionnaireId: row.questionnaire_id,
          level: row.level,
          category: row.category,
          findings: await store.openFindings(db.in(orgId), orgId, row),
          at: row.created_at,
        })),
      );
      return { ...page, items };
    },

    /** Says that one takes care of it: no further letters, and the client is told. Throws `not-found`, `conflict`. */
    acknowledge: (actor: Actor, id: string) =>
      change(actor, id, 'escalation.acknowledged', async (tx, row, userId) => {
        const done = (await store.acknowledge(tx, actor.orgId, id, userId)) === 1;
        return { done, events: [await safety.notice(tx, actor.orgId, 'person-coming', [row.language])] };
      }),

    /** Closes it, with a note for the team. Throws `not-found`, `conflict` where nobody acknowledged it or it is closed. */
    resolve: (actor: Actor, id: string, note: string) =>
      change(actor, id, 'escalation.resolved', async (tx, row, userId) => ({
        done: (await store.resolve(tx, actor.orgId, row, userId, note)) === 1,
        events: [],
      })),
  };
}

/** In which language somebody wrote what was found; the file of a rule is of one language. */
export const languageOf = ([worst]: readonly RiskFinding[]): string | undefined => worst?.ruleId.split('/')[0];
