import type { EngineName } from '@rapport/protocol/inference';
import type { Message, MessageAccepted, Reply } from '@rapport/protocol/sessions';
import type { Page } from '@rapport/protocol/common';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import type { BudgetService } from '../inference/budgets.service.ts';
import type { GenerationService } from '../inference/generations.service.ts';
import type { ProviderService } from '../inference/providers.service.ts';
import type { PersonaService } from '../personas/service.ts';
import { requireConsent, type ConsentService } from '../privacy/consents.service.ts';
import type { ReviewService } from '../supervision/reviews.service.ts';
import { isHeld, personaMayWrite, personSpeaks } from '../supervision/service.ts';
import { mayEnter, type SessionAccess } from './access.ts';
import { budgetMessage } from './faults.ts';
import { createEngineChooser } from './engines.ts';
import * as messages from './messages.store.ts';
import type { SessionSafety } from './safety.ts';
import type { SessionRow } from './schema.ts';
import { rungOf, subjectOf } from './session.ts';
import * as store from './store.ts';

const pendingWindow = 20;

export type ConversationService = ReturnType<typeof createConversationService>;

/** What is said in a session: messages, guidance, and the replies they call for. */
export function createConversationService(parts: {
  db: Database;
  log: Logger;
  access: SessionAccess;
  audit: Audit;
  consents: ConsentService;
  personas: PersonaService;
  providers: ProviderService;
  generations: GenerationService;
  budgets: BudgetService;
  reviews: ReviewService;
  safety: SessionSafety;
}) {
  const { db, audit, consents, generations, budgets, reviews, safety } = parts;
  const { enter, lock, append } = parts.access;

  const unwaited = (failed: string, work: () => Promise<void>): void =>
    void work().catch(({ message }: Error) => parts.log.error({ err: message }, failed));

  const engines = createEngineChooser(parts);
  const chosenEngine = async (actor: Actor, id: string): Promise<EngineName> =>
    (mayEnter(actor, id) && (await engines.known(actor.orgId, id))) || engines.of(actor.orgId, await enter(actor, id));

  /** Starts the reply to a message in the caller's transaction; the events go into `events` before they are appended. */
  const beginReply = async (
    tx: Tx,
    orgId: string,
    row: SessionRow,
    reply: { replyId: string; engine: EngineName; replyTo: string | null; replaces: string | null; risk?: number },
  ) => {
    if (JSON.stringify(row.engine) !== JSON.stringify(reply.engine))
      await store.setEngine(tx, orgId, row.id, reply.engine);
    const rung = rungOf(row);
    await generations.begin(tx, {
      orgId,
      id: reply.replyId,
      sessionId: row.id,
      roomId: row.room_id,
      audience: isHeld(rung) ? 'staff' : 'all',
      replyTo: reply.replyTo,
      replaces: reply.replaces,
      engine: reply.engine,
      personaId: row.persona_id,
      userId: row.created_by,
    });
    if (isHeld(rung)) {
      const held = {
        id: reply.replyId,
        sessionId: row.id,
        roomId: row.room_id,
        rung,
        risk: reply.risk ?? 0,
        released: '',
      };
      await reviews.open(tx, orgId, held);
    }
  };

  const startedEvent = (row: SessionRow, replyId: string, engine: EngineName, replyTo: string | null) => {
    const rung = rungOf(row);
    return draft(
      'reply.started',
      'all',
      { kind: 'persona', id: row.persona_id, name: row.persona_name },
      { replyId, engine, replyTo, ...(isHeld(rung) ? { held: rung } : {}) },
    );
  };

  /** Instead of a reply: what was written is kept, and everybody in the room learns why nobody answers. */
  const spentEvent = (row: SessionRow, until: Date, replyTo: string) =>
    draft(
      'reply.failed',
      'all',
      { kind: 'persona', id: row.persona_id, name: row.persona_name },
      { replyId: newId(), text: '', fault: 'budget-spent', message: budgetMessage(until), replyTo },
    );

  /** As whom this actor's words are stored. Throws `wrong-state` when a member of staff must take over first. */
  const authorOf = (actor: Actor, row: SessionRow): 'client' | 'staff' => {
    if (actor.kind === 'client') return 'client';
    const rung = rungOf(row);
    if (!personaMayWrite(rung)) return 'staff';
    // Until a client has joined, staff speak the client's part: a rehearsal, or a talk written down for somebody present.
    if (!row.client_joined) return 'client';
    if (personSpeaks(rung)) return 'staff';
    throw new AppError('wrong-state', { detail: 'Take the session over before writing to the client yourself.' });
  };

  return {
    /**
     * Stores the message and, where the rung allows, begins the persona's reply in the same transaction. A repeated key
     * answers what the first call answered. Where a budget is spent the message is stored and a `reply.failed` says so. Throws
     * `session-ended`, `wrong-state`, `consent-needed`, `idempotency-mismatch`.
     */
    async post(actor: Actor, id: string, text: string, key: string | undefined): Promise<MessageAccepted> {
      const { orgId } = actor;
      // By rules, whatever the text says about them: no provider is asked for it.
      const found = safety.judge(text);
      // Asked before the transaction: it must not wait for a second connection while it holds a lock.
      const [engine, gate, spending, remindAfter] = await Promise.all([
        chosenEngine(actor, id),
        consents.gate(orgId),
        budgets.spending(orgId),
        safety.remindAfter(orgId),
      ]);
      return db.in(actor.orgId).tx(async (tx) => {
        // One round trip: the database answers in order, so what follows the lock is read under it.
        const [row, known, [latest], held] = await Promise.all([
          lock(tx, actor, id),
          key === undefined ? undefined : messages.findByKey(tx, orgId, id, key),
          generations.list(orgId, id, null, 1, tx),
          reviews.openOf(tx, orgId, id),
        ]);
        const hash = () => tx.codec.hash(orgId, 'message', text);
        if (known) {
          if (!known.hash.equals(await hash())) throw new AppError('idempotency-mismatch');
          return { message: known.message, seq: known.message.seq, replyId: known.replyId };
        }
        if (row.status === 'ended') throw new AppError('session-ended');
        const author = authorOf(actor, row);
        const missing = await gate.missing(tx, subjectOf(row), ['recording', 'ai-processing']);
        if (author === 'client') requireConsent(missing, 'recording');
        const messageId = newId();
        const answers =
          author === 'client' &&
          safety.mayAnswer(found) &&
          !missing.includes('ai-processing') &&
          row.status === 'active' &&
          personaMayWrite(rungOf(row)) &&
          latest?.status !== 'running' &&
          held === null;
        const spentUntil = answers ? spending.spentUntil(row.persona_id, row.created_by) : null;
        const replyId = answers && !spentUntil ? newId() : null;
        const events: EventDraft[] = [
          draft('message.created', 'all', asEventActor(actor), { messageId, author, text }),
        ];
        if (replyId) events.push(startedEvent(row, replyId, engine, messageId));
        if (spentUntil) events.push(spentEvent(row, spentUntil, messageId));
        const said = { id: messageId, text, author, answered: replyId !== null, remindAfter };
        events.splice(1, 0, ...(await safety.onMessage(tx, actor, row, said, found)));
        if (author === 'client' && !safety.mayAnswer(found)) tx.afterCommit(() => this.stopSoon(orgId, id));
        const [seq] = await Promise.all([
          append(tx, orgId, row.room_id, events),
          replyId &&
            beginReply(tx, orgId, row, {
              replyId,
              engine,
              replyTo: messageId,
              replaces: null,
              risk: safety.riskOf(found),
            }),
        ]);
        const message = await messages.insertMessage(tx, orgId, id, {
          id: messageId,
          roomId: row.room_id,
          seq,
          author,
          text,
          idempotencyKey: key,
          idempotencyHash: key === undefined ? undefined : await hash(),
        });
        return { message, seq, replyId };
      });
    },

    /** Messages in order of seq; `before` null gives the newest. */
    async messages(actor: Actor, id: string, before: number | null, limit: number) {
      const { client_id: client } = await enter(actor, id);
      await audit.read(actor, 'session.messages-read', { session: id, client });
      const found: Message[] = await messages.listMessages(db.in(actor.orgId), actor.orgId, id, before, limit + 1);
      const page = found.length > limit ? found.slice(1) : found;
      const items = actor.kind === 'staff' ? await messages.withClaims(db.in(actor.orgId), actor.orgId, page) : page;
      return { items, next: found.length > limit && items[0] ? encodeCursor(String(items[0].seq)) : null };
    },

    /** A private instruction to the persona; the client never learns of it. Throws `session-ended`. */
    async guide(actor: Actor, id: string, text: string): Promise<{ id: string; seq: number }> {
      requireStaff(actor);
      return db.in(actor.orgId).tx(async (tx) => {
        const row = await lock(tx, actor, id);
        if (row.status === 'ended') throw new AppError('session-ended');
        audit.record(tx, actor, 'session.guided', { session: id, client: row.client_id });
        const guidanceId = newId();
        const event = draft('guidance.given', 'staff', asEventActor(actor), { guidanceId, text });
        const seq = await append(tx, actor.orgId, row.room_id, [event]);
        await messages.insertGuidance(tx, actor.orgId, id, {
          id: guidanceId,
          roomId: row.room_id,
          seq,
          text,
          createdBy: actor.userId,
        });
        return { id: guidanceId, seq };
      });
    },

    /** Stops a running reply; what was made of it stays. Throws `not-found`. */
    async stopReply(actor: Actor, id: string, replyId: string): Promise<void> {
      await enter(actor, id);
      const [latest] = await generations.list(actor.orgId, id, null, 1);
      if (latest?.id === replyId && latest.status === 'running') await generations.stop(actor.orgId, replyId);
      else if (!(await generations.exists(actor.orgId, id, replyId))) throw notFound();
    },

    /** Ends the reply being made now, if there is one. */
    async stopRunning(orgId: string, sessionId: string): Promise<void> {
      const [latest] = await generations.list(orgId, sessionId, null, 1);
      if (latest?.status === 'running') await generations.stop(orgId, latest.id);
    },

    /** The same, after a commit: what fails then is written down, and fails nothing else. */
    stopSoon(orgId: string, sessionId: string): void {
      unwaited('a reply was not stopped', () => this.stopRunning(orgId, sessionId));
    },

    /** The rung may have changed: a reply that runs is held or stopped, and what waits for an answer gets one. */
    obeyRung(orgId: string, which: { sessionId?: string; clientId?: string }): void {
      unwaited('a change of policy did not reach the replies that run', async () => {
        const row = which.sessionId && (await store.findSession(db.in(orgId), orgId, which.sessionId, null));
        const rows = row ? [row] : await store.sessionsWithRunning(db.in(orgId), orgId, which.clientId ?? null);
        for (const session of rows) {
          const rung = rungOf(session);
          const [latest] = await generations.list(orgId, session.id, null, 1);
          if (latest?.status === 'running') {
            if (!personaMayWrite(rung)) await generations.stop(orgId, latest.id);
            else if (isHeld(rung) && latest.audience === 'all') await generations.hold(orgId, latest.id);
          } else await this.answerPending(orgId, session.id);
        }
      });
    },

    /** Makes the last reply again: after an interruption, or because another is wanted. Throws `reply-running`, `wrong-state`, `consent-needed`, `budget-spent`. */
    async regenerate(actor: Actor, id: string): Promise<{ replyId: string }> {
      const { orgId } = actor;
      const [engine, gate, spending] = await Promise.all([
        chosenEngine(actor, id),
        consents.gate(orgId),
        budgets.spending(orgId),
      ]);
      return db.in(actor.orgId).tx(async (tx) => {
        const row = await lock(tx, actor, id);
        if (row.status === 'ended') throw new AppError('session-ended');
        requireConsent(await gate.missing(tx, subjectOf(row), ['ai-processing']), 'ai-processing');
        if (row.status === 'paused') throw new AppError('session-paused');
        if (!personaMayWrite(rungOf(row)))
          throw new AppError('wrong-state', { detail: 'Hand the session back first.' });
        const [latest] = await generations.list(orgId, id, null, 1, tx);
        if (latest?.status === 'running') throw new AppError('reply-running');
        if (await reviews.openOf(tx, orgId, id))
          throw new AppError('wrong-state', { detail: 'A draft waits for a decision. Release or reject it first.' });
        const [last] = await messages.listMessages(tx, orgId, id, null, 1);
        if (!last || last.author === 'staff' || (last.author === 'persona' && !last.replyId)) {
          throw new AppError('wrong-state', { detail: 'There is no reply to make again.' });
        }
        const spentUntil = spending.spentUntil(row.persona_id, row.created_by);
        if (spentUntil) throw new AppError('budget-spent', { detail: budgetMessage(spentUntil) });
        const replaces = last.author === 'persona' ? last.id : null;
        const replyTo = last.author === 'client' ? last.id : (latest?.replyTo ?? null);
        if (replyTo && (await safety.isGrave(tx, orgId, replyTo)))
          throw new AppError('wrong-state', { detail: 'A person answers this message, not a model.' });
        const replyId = newId();
        await beginReply(tx, orgId, row, { replyId, engine, replyTo, replaces });
        await append(tx, orgId, row.room_id, [startedEvent(row, replyId, engine, replyTo)]);
        return { replyId };
      });
    },

    /** Answers what the client wrote while nobody could: after a resume, a hand-back, or the end of the reply before. */
    async answerPending(orgId: string, sessionId: string): Promise<string | null> {
      const replyId = newId();
      const session = await store.findSession(db.in(orgId), orgId, sessionId, null);
      if (!session) return null;
      const [engine, gate, spending] = await Promise.all([
        engines.of(orgId, session),
        consents.gate(orgId),
        budgets.spending(orgId),
      ]);
      return db.in(orgId).tx(async (tx) => {
        const row = await store.lockSession(tx, orgId, sessionId, null);
        if (!row || row.status !== 'active' || !personaMayWrite(rungOf(row))) return null;
        if ((await gate.missing(tx, subjectOf(row), ['ai-processing'])).length > 0) return null;
        const recent = await messages.listMessages(tx, orgId, sessionId, null, pendingWindow);
        const [latest] = await generations.list(orgId, sessionId, null, 1, tx);
        if (latest?.status === 'running' || (await reviews.openOf(tx, orgId, sessionId))) return null;
        // Within the last messages: what a person of the team has answered needs no reply; what arrived while a reply ran stands before that reply.
        const last = recent
          .slice(recent.findLastIndex((m) => m.author === 'staff') + 1)
          .findLast((m) => m.author === 'client');
        if (!last) return null;
        if (await safety.isGrave(tx, orgId, last.id)) return null;
        if (latest?.replyTo === last.id && !(await reviews.wantsAgain(tx, orgId, latest.id))) return null;
        const spentUntil = spending.spentUntil(row.persona_id, row.created_by);
        if (spentUntil) {
          await append(tx, orgId, row.room_id, [spentEvent(row, spentUntil, last.id)]);
          return null;
        }
        await beginReply(tx, orgId, row, { replyId, engine, replyTo: last.id, replaces: null });
        await append(tx, orgId, row.room_id, [startedEvent(row, replyId, engine, last.id)]);
        return replyId;
      });
    },

    /** What made each reply, what it used and how it ended; newest first. */
    async replies(actor: Actor, id: string, page: Page): Promise<{ items: Reply[]; next: string | null }> {
      requireStaff(actor);
      const { client_id: client } = await enter(actor, id);
      await audit.read(actor, 'session.replies-read', { session: id, client });
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await generations.list(actor.orgId, id, before, page.limit + 1);
      const none = { inputTokens: null, outputTokens: null, cachedTokens: null };
      return toPage(
        rows,
        page.limit,
        (r) => ({
          id: r.id,
          status: r.status,
          engine: r.engine,
          usage: r.usage ?? none,
          costMicroUsd: r.costMicroUsd,
          firstTokenMs: r.firstTokenMs,
          durationMs: r.durationMs,
          fault: r.fault,
          startedAt: r.startedAt,
        }),
        (r) => encodeCursor(r.id),
      );
    },
  };
}
