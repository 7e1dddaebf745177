import type { Claim } from '@rapport/protocol/claims';
import type { EventActor } from '@rapport/protocol/events';
import { riskLevels } from '@rapport/protocol/safety';
import type { Citation } from '@rapport/protocol/sessions';
import type {
  HeldRung,
  Review,
  ReviewDraft,
  ReviewEdit,
  ReviewQuery,
  ReviewReason,
  ReviewReject,
  ReviewRelease,
  Rung,
} from '@rapport/protocol/supervision';
import type { z } from 'zod';
import { asEventActor, requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { draft, type AppendEvents, type EventDraft } from '../../platform/events/store.ts';
import { viewerOf } from '../clients/caseload.ts';
import { citedIn, editDistance, textOf, toReview } from './drafts.ts';
import type { PolicyService } from './policies.service.ts';
import { subjectsOf, type ReviewAccess } from './reviews.access.ts';
import * as store from './reviews.store.ts';
import { isOpen, type ReviewBody, type ReviewRow } from './schema.ts';
import { isHeld } from './service.ts';

/** What the owner of the conversation (sessions) does with a decision. The session is locked, the transaction is that of the decision. */
export interface ReviewHandler {
  /** The words become a message, and the reply ends. */
  released(
    tx: Tx,
    orgId: string,
    review: ReviewRow,
    said: { text: string; citations: Citation[]; claims: Claim[]; by: EventActor },
  ): Promise<void>;
  /** The reply ends; `released` is what the client saw of it, `guidance` what the persona is told when it tries again. */
  withdrawn(
    tx: Tx,
    orgId: string,
    review: ReviewRow,
    said: { released: string; guidance: string | null; by: EventActor },
  ): Promise<void>;
  /** The rung in force now. */
  rungOf(tx: Tx, orgId: string, sessionId: string): Promise<Rung>;
  /** After that commit: a reply still being made is stopped, and what waits for an answer gets one. */
  settled(orgId: string, review: ReviewRow): void;
}

interface Parts {
  db: Database;
  audit: Audit;
  policies: PolicyService;
  access: ReviewAccess;
  append: AppendEvents;
}

export type ReviewService = ReturnType<typeof createReviewService>;

/** As the risk gate counts: the message, or the draft itself, may be about life and death. */
const grave = riskLevels.indexOf('high');

/** Whoever decides without being a person of the team: the clock of the rung `delayed`. */
const clockwork: EventActor = { kind: 'system', id: null, name: null };

/**
 * Replies that the client does not see by itself: read, changed, released and rejected by people. Every decision is taken
 * under the lock of the session and of the review, so that of two who race one wins and the other learns who.
 */
export function createReviewService(parts: Parts) {
  const { db, audit, policies, access, append } = parts;
  const { deciding, read, liveText } = access;
  let handler: ReviewHandler | undefined;

  const need = (): ReviewHandler => {
    if (!handler) throw new Error('reviews.handle was not called');
    return handler;
  };

  const decidedEvent = (row: ReviewRow, by: EventActor, decision: Decision): EventDraft =>
    draft('review.decided', 'staff', by, { replyId: row.id, ...decision });

  const close = async (
    tx: Tx,
    orgId: string,
    row: ReviewRow,
    by: { actor: EventActor; userId: string | null },
    decision: Decision,
  ) => {
    await store.setDecided(tx, orgId, row.id, { ...decision, state: decision.decision, by: by.userId });
    await append(tx, orgId, row.room_id, [decidedEvent(row, by.actor, decision)]);
    tx.afterCommit(() => need().settled(orgId, row));
  };

  /** All of it goes to the client. */
  const releaseAll = async (
    tx: Tx,
    orgId: string,
    row: ReviewRow,
    body: ReviewBody,
    by: { actor: EventActor; userId: string | null },
    why: { reasons: ReviewReason[]; note: string },
  ) => {
    const text = textOf(body, '').trimEnd();
    if (text.trim() === '')
      throw new AppError('wrong-state', { detail: 'There is nothing to release: the draft is empty.' });
    const decision = {
      decision: 'released' as const,
      ...why,
      editDistance: editDistance((body.draft ?? '').trimEnd(), text),
    };
    if (why.note) await store.saveBody(tx, orgId, row, { ...body, note: why.note });
    await need().released(tx, orgId, row, { text, ...citedIn(body, text), by: by.actor });
    await close(tx, orgId, row, by, decision);
  };

  /** A piece from the front goes to the client; the rest stays held. */
  const releasePiece = async (tx: Tx, row: ReviewRow, staff: StaffActor, through: number) => {
    const { orgId } = staff;
    const body = await store.openBody(tx, orgId, row);
    const text = textOf(body, await liveText(tx, orgId, row));
    if (through <= body.released.length || through > text.length)
      throw new AppError('conflict', { detail: 'That part is released already, or not written yet.' });
    const piece = text.slice(body.released.length, through);
    await store.saveBody(tx, orgId, row, { ...body, released: text.slice(0, through) });
    await store.setClaim(tx, orgId, row.id, staff.userId);
    audit.record(tx, staff, 'review.released-part', subjectsOf(row));
    await append(tx, orgId, row.room_id, [
      draft('reply.released', 'all', asEventActor(staff), {
        replyId: row.id,
        offset: body.released.length,
        text: piece,
      }),
    ]);
  };

  return {
    handle(next: ReviewHandler) {
      handler = next;
    },

    /** A reply begins whose words are for the team alone. `released`: what the client saw before it was held. */
    async open(
      tx: Tx,
      orgId: string,
      reply: { id: string; sessionId: string; roomId: string; rung: HeldRung; risk: number; released: string },
    ): Promise<void> {
      await store.insertReview(tx, orgId, reply);
    },

    openOf: store.openReviewOf,

    /** Whether somebody rejected this reply and wants another. */
    wantsAgain: store.wantsAgain,

    /**
     * The persona came to its end: the draft waits. Returns what the client has seen of it, null where somebody has decided
     * already, so that the end of the reply is told already, too.
     */
    async ended(
      tx: Tx,
      orgId: string,
      id: string,
      end: { completed: boolean; text: string; citations: Citation[]; claims: Claim[]; risk: number },
    ): Promise<{ released: string } | null> {
      const row = await store.lockReview(tx, orgId, null, id);
      if (!row || !isOpen(row.state)) return null;
      const body = await store.openBody(tx, orgId, row);
      await store.saveBody(tx, orgId, row, {
        ...body,
        draft: end.text,
        citations: end.citations,
        claims: end.claims,
      });
      if (end.completed) {
        const { delaySeconds, reviewSeconds } = await policies.of(orgId, tx);
        // What the gate finds grave never goes out because time has passed.
        const rung = row.rung === 'delayed' && Math.max(end.risk, row.risk) >= grave ? 'approve' : row.rung;
        const due = rung === 'delayed' ? delaySeconds : reviewSeconds;
        await store.setWaiting(tx, orgId, id, { rung, risk: end.risk, dueInSeconds: due });
      } else {
        await store.setDecided(tx, orgId, id, { state: 'discarded', by: null, reasons: [], editDistance: null });
      }
      return { released: body.released };
    },

    /** Ends the open review of a session that a person takes over or ends, in the caller's transaction, under its lock. */
    async discardOpen(tx: Tx, actor: StaffActor | null, orgId: string, sessionId: string): Promise<void> {
      const id = await store.openReviewOf(tx, orgId, sessionId);
      const row = id === null ? undefined : await store.lockReview(tx, orgId, null, id);
      if (!row) return;
      const { released } = await store.openBody(tx, orgId, row);
      const by = actor ? asEventActor(actor) : clockwork;
      await need().withdrawn(tx, orgId, row, { released, guidance: null, by });
      const decision = { decision: 'discarded' as const, reasons: [], note: '', editDistance: null };
      await close(tx, orgId, row, { actor: by, userId: actor?.userId ?? null }, decision);
    },

    /** Open ones by risk, then age; decided ones newest first. Only those of whom the actor may see. */
    async list(actor: Actor, query: ReviewQuery): Promise<{ items: Review[]; next: string | null }> {
      requireStaff(actor);
      const { orgId } = actor;
      const session = query.sessionId ?? null;
      if (query.state === 'decided') {
        const [before = null] = decodeCursor(query.cursor, 1) ?? [];
        const rows = await store.listDecided(db.in(orgId), orgId, viewerOf(actor), session, before, query.limit + 1);
        return toPage(rows, query.limit, toReview, (row) => encodeCursor(row.id));
      }
      const from = decodeCursor(query.cursor, 2);
      const rows = await store.listOpen(db.in(orgId), orgId, viewerOf(actor), session, from, query.limit + 1);
      return toPage(rows, query.limit, toReview, (row) => encodeCursor(String(-row.risk), row.id));
    },

    get: access.read,

    /** Changes the words, also while the persona writes on. Throws `not-found`, `decided`, `claimed`, `conflict`. */
    async edit(actor: Actor, id: string, { revision, base, text }: ReviewEdit): Promise<ReviewDraft> {
      await deciding(actor, id, async (tx, row, staff) => {
        const { orgId } = staff;
        sameRevision(row, revision);
        const body = await store.openBody(tx, orgId, row);
        const draftNow = body.draft ?? (await liveText(tx, orgId, row));
        if (base > draftNow.length)
          throw new AppError('conflict', { detail: 'The persona has not written that much yet.' });
        if (!text.startsWith(body.released))
          throw new AppError('conflict', { detail: 'What the client has read cannot be changed any more.' });
        await store.saveBody(tx, orgId, row, { ...body, edited: text, editedFrom: base });
        await store.setClaim(tx, orgId, id, staff.userId);
        audit.record(tx, staff, 'review.edited', subjectsOf(row));
        await append(tx, orgId, row.room_id, [
          draft('draft.edited', 'staff', asEventActor(staff), { replyId: id, revision: row.revision + 1 }),
        ]);
      });
      return read(actor, id);
    },

    /**
     * Sends all of a finished draft, or a first part of it. Throws `not-found`, `decided`, `claimed`, `conflict` where it was
     * edited since it was read, `session-paused`, `wrong-state` while the persona writes.
     */
    async release(actor: Actor, id: string, body: z.output<typeof ReviewRelease>): Promise<ReviewDraft> {
      await deciding(actor, id, async (tx, row, staff) => {
        const { orgId } = staff;
        sameRevision(row, body.revision);
        if (await store.isPaused(tx, orgId, row.session_id)) throw new AppError('session-paused');
        if (body.through !== undefined) return releasePiece(tx, row, staff, body.through);
        if (row.state === 'drafting')
          throw new AppError('wrong-state', {
            detail: 'The persona is still writing. Release a part, or wait for its end.',
          });
        audit.record(tx, staff, 'review.released', subjectsOf(row));
        const by = { actor: asEventActor(staff), userId: staff.userId };
        const why = { reasons: body.reasons, note: body.note ?? '' };
        return releaseAll(tx, orgId, row, await store.openBody(tx, orgId, row), by, why);
      });
      return read(actor, id);
    },

    /**
     * The client does not get it, or no more of it. With `again` the persona tries once more and is told why. Throws
     * `not-found`, `decided`, `claimed`.
     */
    async reject(actor: Actor, id: string, body: z.output<typeof ReviewReject>): Promise<ReviewDraft> {
      await deciding(actor, id, async (tx, row, staff) => {
        const { orgId } = staff;
        const words = await store.openBody(tx, orgId, row);
        const note = body.note ?? '';
        if (words.released !== '' && body.again)
          throw new AppError('wrong-state', {
            detail: 'The client has read a part of it. Reject it without another try, or edit the rest.',
          });
        audit.record(tx, staff, 'review.rejected', subjectsOf(row));
        await store.saveBody(tx, orgId, row, { ...words, note });
        if (body.again) await store.setAgain(tx, orgId, id);
        const by = asEventActor(staff);
        const guidance = body.again
          ? [`Not like this: ${body.reasons.join(', ')}.`, note].filter(Boolean).join(' ')
          : null;
        await need().withdrawn(tx, orgId, row, { released: words.released, guidance, by });
        const decision = { decision: 'rejected' as const, reasons: body.reasons, note, editDistance: null };
        await close(tx, orgId, row, { actor: by, userId: staff.userId }, decision);
      });
      return read(actor, id);
    },

    /** The rung `delayed` has waited long enough: nobody stopped it. In a transaction of its own, on one server. */
    async releaseDue(tx: Tx, orgId: string, id: string): Promise<void> {
      const row = await store.lockReview(tx, orgId, null, id);
      if (!row || row.state !== 'waiting' || !(await store.takeDue(tx, orgId, id))) return;
      if (await store.isPaused(tx, orgId, row.session_id)) return;
      const rung = await need().rungOf(tx, orgId, row.session_id);
      if (rung !== 'auto' && rung !== 'delayed') {
        // Tightened while it waited: now it waits for a person.
        const { reviewSeconds } = await policies.of(orgId, tx);
        await store.setRung(tx, orgId, id, isHeld(rung) ? rung : 'approve', reviewSeconds);
        return;
      }
      const body = await store.openBody(tx, orgId, row);
      await releaseAll(tx, orgId, row, body, { actor: clockwork, userId: null }, { reasons: [], note: '' });
    },
  };
}

interface Decision {
  decision: 'released' | 'rejected' | 'discarded';
  reasons: ReviewReason[];
  note: string;
  editDistance: number | null;
}

const sameRevision = (row: ReviewRow, revision: number) => {
  if (row.revision !== revision)
    throw new AppError('conflict', { detail: 'The draft was edited in the meantime. Read it again, then decide.' });
};
