import {
  reaches,
  riskLevels,
  type NoticeKind,
  type PersonRequested,
  type RiskCategory,
} from '@rapport/protocol/safety';
import { asEventActor, type Actor } from '../../platform/actor.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { languageOfClient } from '../clients/service.ts';
import { languageOf, type EscalationService, type Flagged } from '../supervision/escalations.service.ts';
import type { ReviewService } from '../supervision/reviews.service.ts';
import type { Assessment } from '../supervision/risk/assess.ts';
import type { SafetyService } from '../supervision/safety.service.ts';
import { personaMayWrite } from '../supervision/service.ts';
import type { SessionAccess } from './access.ts';
import type { SessionRow } from './schema.ts';
import { rungOf } from './session.ts';
import * as store from './store.ts';

export type SessionSafety = ReturnType<typeof createSessionSafety>;

/** What the gate found before the transaction; it needs no database. */
export interface Judged extends Assessment {
  asksWhoAnswers: boolean;
}

/** What a grave message, a grave reply and a call for a person do to a session. */
export function createSessionSafety(parts: {
  db: Database;
  clock: Clock;
  access: SessionAccess;
  safety: SafetyService;
  escalations: EscalationService;
  reviews: ReviewService;
}) {
  const { db, clock, access, safety, escalations, reviews } = parts;

  const languagesOf = async (tx: Tx, orgId: string, row: SessionRow): Promise<string[]> => {
    const [language, settings] = await Promise.all([
      languageOfClient(tx, orgId, row.client_id),
      safety.within(tx, orgId),
    ]);
    return [...(language ? [language] : []), settings.language];
  };

  /** Whether it is so long ago that the client was told that an AI answers. */
  const isDue = (row: SessionRow, minutes: number | null): boolean =>
    minutes !== null && clock.now() - Date.parse(row.disclosed_at ?? row.created_at) >= minutes * 60_000;

  const tell = async (tx: Tx, orgId: string, row: SessionRow, kind: 'disclosure' | 'reminder'): Promise<EventDraft> => {
    const languages = await languagesOf(tx, orgId, row);
    await store.setDisclosed(tx, orgId, row.id, new Date(clock.now()).toISOString());
    return safety.notice(tx, orgId, kind, languages);
  };

  /** The persona is silent from here on, and a person is called; what the client is told was written by people. */
  const escalate = async (
    tx: Tx,
    orgId: string,
    row: SessionRow,
    kind: 'risk' | 'reply',
    found: { id: string; event: EventDraft<'flag.raised'> },
  ): Promise<EventDraft[]> => {
    const { category, level, findings } = found.event.data;
    const own = await languagesOf(tx, orgId, row);
    const languages = [kind === 'risk' ? languageOf(findings) : undefined, ...own];
    const language = languages.find((one) => one !== undefined) ?? 'en';
    const raised = await escalations.raise(tx, orgId, {
      sessionId: row.id,
      kind,
      category,
      level,
      flagId: found.id,
      language,
    });
    await reviews.discardOpen(tx, null, orgId, row.id);
    await store.setEscalated(tx, orgId, row.id);
    const events: EventDraft[] = row.escalated
      ? []
      : [draft('session.escalated', 'all', { kind: 'system', id: null, name: null }, {})];
    if (!raised.event) return events;
    const notice: NoticeKind = kind === 'risk' ? category : 'person-called';
    return [...events, raised.event, await safety.notice(tx, orgId, notice, languages)];
  };

  const onFound = async (
    tx: Tx,
    orgId: string,
    row: SessionRow,
    where: Omit<Flagged, 'sessionId' | 'roomId'>,
    found: Assessment,
  ): Promise<EventDraft[]> => {
    const flagged = await escalations.flag(tx, orgId, { ...where, sessionId: row.id, roomId: row.room_id }, found);
    if (!flagged) return [];
    if (found.level !== 'high') return [flagged.event];
    const kind = where.replyId ? 'reply' : 'risk';
    return [flagged.event, ...(await escalate(tx, orgId, row, kind, flagged))];
  };

  /** Whoever of the team writes first after a call is the one who is there. */
  const arrive = async (tx: Tx, actor: Actor, row: SessionRow): Promise<EventDraft[]> => {
    if (actor.kind !== 'staff' || !row.escalated || row.taken_over_by !== null) return [];
    await store.setTakenOver(tx, actor.orgId, row.id, actor.userId);
    return [draft('session.taken-over', 'all', asEventActor(actor), {})];
  };

  return {
    /** What a client wrote; asked before the transaction, since it needs no database. */
    judge: (text: string): Judged => ({ ...safety.judge(text), asksWhoAnswers: safety.asksWhoAnswers(text) }),

    /** Whether a model may answer what was judged so. */
    mayAnswer: ({ level }: Assessment): boolean => !reaches(level, 'high'),

    /** As a queue sorts by it: 0 for nothing. */
    riskOf: ({ level }: Assessment): number => riskLevels.indexOf(level),

    /** Minutes after which a client is told again that an AI answers; asked before the transaction of a message. */
    remindAfter: async (orgId: string): Promise<number | null> => (await safety.of(orgId)).disclosureMinutes,

    /** What follows a message in the log; in the transaction of the message. */
    async onMessage(
      tx: Tx,
      actor: Actor,
      row: SessionRow,
      message: {
        id: string;
        text: string;
        author: 'client' | 'staff';
        answered: boolean;
        /** From `remindAfter`. */
        remindAfter: number | null;
      },
      found: Judged,
    ): Promise<EventDraft[]> {
      const { orgId } = actor;
      if (message.author === 'staff') return arrive(tx, actor, row);
      const where = { messageId: message.id, replyId: null, text: message.text };
      const events = await onFound(tx, orgId, row, where, found);
      const due = message.answered && row.client_joined && isDue(row, message.remindAfter);
      if (!due && !found.asksWhoAnswers) return events;
      const kind = due ? await safety.reminder(tx, orgId) : 'disclosure';
      return [...events, await tell(tx, orgId, row, kind)];
    },

    /** What is found in a reply, or in the message it was to answer; in the transaction that ends the reply. */
    onReply: (
      tx: Tx,
      orgId: string,
      row: SessionRow,
      where: Pick<Flagged, 'messageId' | 'replyId' | 'text'>,
      found: Assessment,
    ) => onFound(tx, orgId, row, where, found),

    /** What is found in a held reply: for the people who read it, who need no other call. In the transaction of its end. */
    async onDraft(
      tx: Tx,
      orgId: string,
      { id: sessionId, room_id: roomId }: SessionRow,
      draft: { replyId: string; text: string; found: Assessment },
    ): Promise<EventDraft[]> {
      const { replyId, text, found } = draft;
      const flagged = await escalations.flag(tx, orgId, { sessionId, roomId, messageId: null, replyId, text }, found);
      return flagged ? [flagged.event] : [];
    },

    /**
     * An answer of a questionnaire that calls a person. In a session that has ended there is nobody to be shown a text, and
     * the team alone is called.
     */
    async onAnswer(
      tx: Tx,
      orgId: string,
      row: SessionRow,
      { questionnaireId, text, category }: { questionnaireId: string; text: string; category: RiskCategory },
    ): Promise<EventDraft[]> {
      const finding = { category, level: 'high', ruleId: 'en/questionnaire', start: 0, end: text.length } as const;
      const found: Assessment = { level: 'high', findings: [finding] };
      const where = { messageId: null, replyId: null, questionnaireId, text };
      if (row.status !== 'ended') return onFound(tx, orgId, row, where, found);
      const flagged = await escalations.flag(tx, orgId, { ...where, sessionId: row.id, roomId: row.room_id }, found);
      if (!flagged) return [];
      const [language = 'en'] = await languagesOf(tx, orgId, row);
      const what = { sessionId: row.id, kind: 'risk', category, level: 'high', flagId: flagged.id, language } as const;
      const raised = await escalations.raise(tx, orgId, what);
      return [flagged.event, ...(raised.event ? [raised.event] : [])];
    },

    /** What a persona wrote, before it is shown. */
    reviewReply: safety.reviewReply,

    /** What is to be flagged of a reply that was shown; null: nothing. */
    foundIn(text: string, replyId: string) {
      const found = safety.reviewReply(text);
      return found.findings.length > 0 ? { found, where: { messageId: null, replyId, text } } : null;
    },

    /** That an AI answers, to somebody who has just joined. */
    disclose: (tx: Tx, orgId: string, row: SessionRow) => tell(tx, orgId, row, 'disclosure'),

    /** Again, because it is time; not while people alone write. */
    async remind(tx: Tx, orgId: string, id: string): Promise<void> {
      const row = await store.lockSession(tx, orgId, id, null);
      if (!row?.wrote_since_told) return;
      // Told with a message that came since the round began.
      const { disclosureMinutes } = await safety.within(tx, orgId);
      if (!isDue(row, disclosureMinutes)) return;
      if (!personaMayWrite(rungOf(row))) {
        await store.setNotToRemind(tx, orgId, id);
        return;
      }
      const event = await tell(tx, orgId, row, await safety.reminder(tx, orgId));
      await access.append(tx, orgId, row.room_id, [event]);
    },

    isGrave: escalations.isGrave,
    requireNoneOpen: escalations.requireNoneOpen,

    /** The client asks for a person, and is told whether one is there. Throws `not-found`, `session-ended`. */
    request: (actor: Actor, id: string): Promise<PersonRequested> =>
      db.in(actor.orgId).tx(async (tx) => {
        const { orgId } = actor;
        const row = await access.lock(tx, actor, id);
        if (row.status === 'ended') throw new AppError('session-ended');
        const present = row.taken_over_by !== null;
        const languages = await languagesOf(tx, orgId, row);
        const raised = await escalations.raise(tx, orgId, {
          sessionId: id,
          kind: 'asked',
          category: null,
          level: null,
          flagId: null,
          language: languages[0] ?? 'en',
        });
        const notice = await safety.notice(tx, orgId, present ? 'person-here' : 'person-called', languages);
        const events: EventDraft[] = [draft('person.requested', 'all', asEventActor(actor), {})];
        if (raised.event) events.push(raised.event);
        await access.append(tx, orgId, row.room_id, [...events, notice]);
        return { escalationId: raised.id, present, text: notice.data.text };
      }),
  };
}
