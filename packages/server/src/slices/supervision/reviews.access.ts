import type { ReviewDraft } from '@rapport/protocol/supervision';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { viewerOf } from '../clients/caseload.ts';
import { deputyOf } from './deputies.store.ts';
import { citedIn, standing, textOf, toReview } from './drafts.ts';
import { findingsOfReply } from './escalations.store.ts';
import * as store from './reviews.store.ts';
import { isOpen, type ReviewRow } from './schema.ts';

export type ReviewAccess = ReturnType<typeof createReviewAccess>;

/** What the audit log names of a review. */
export const subjectsOf = (row: ReviewRow) => ({ reply: row.id, session: row.session_id, client: row.client_id });

/** The door of a held reply: who may read it, and who may decide on it now. */
export function createReviewAccess(parts: {
  db: Database;
  audit: Audit;
  /** What a running reply has so far. */
  draftOf(orgId: string, replyId: string, within: Db): Promise<string>;
  /** The words of a message; null where it is gone. */
  messageText(orgId: string, id: string): Promise<string | null>;
}) {
  const { db, audit } = parts;

  const liveText = (within: Db, orgId: string, row: ReviewRow): Promise<string> =>
    row.state === 'drafting' ? parts.draftOf(orgId, row.id, within) : Promise.resolve('');

  /** Who else has it, if this member may not decide meanwhile. */
  const heldByOther = async (tx: Db, actor: StaffActor, row: ReviewRow): Promise<string | null> => {
    const { claim } = toReview(row);
    if (!claim || claim.by === actor.userId) return null;
    const deputy = await deputyOf(tx, actor.orgId, claim.by);
    return deputy?.id === actor.userId ? null : claim.name;
  };

  return {
    liveText,

    /** Runs `work` with the review locked, open and not in somebody else's hands. Throws `not-found`, `decided`, `claimed`. */
    deciding<T>(actor: Actor, id: string, work: (tx: Tx, row: ReviewRow, staff: StaffActor) => Promise<T>): Promise<T> {
      requireStaff(actor);
      return db.in(actor.orgId).tx(async (tx) => {
        const row = await store.lockReview(tx, actor.orgId, viewerOf(actor), id);
        if (!row) throw notFound();
        if (!isOpen(row.state)) throw new AppError('decided', { detail: decidedBy(row) });
        const other = await heldByOther(tx, actor, row);
        if (other !== null) throw new AppError('claimed', { detail: `${other} is reading this draft.` });
        return work(tx, row, actor);
      });
    },

    /** With its words. Throws `not-found`. */
    async read(actor: Actor, id: string): Promise<ReviewDraft> {
      requireStaff(actor);
      const { orgId } = actor;
      const row = await store.findReview(db.in(orgId), orgId, viewerOf(actor), id);
      if (!row) throw notFound();
      await audit.read(actor, 'review.read', subjectsOf(row));
      const [body, live, found] = await Promise.all([
        store.openBody(db.in(orgId), orgId, row),
        liveText(db.in(orgId), orgId, row),
        findingsOfReply(db.in(orgId), orgId, row.session_id, id),
      ]);
      const text = textOf(body, live);
      return {
        ...toReview(row),
        text,
        claims: citedIn(body, text).claims,
        findings: standing(found, body.draft ?? live, text),
        draftLength: (body.draft ?? live).length,
        released: body.released,
        question: row.reply_to === null ? null : await parts.messageText(orgId, row.reply_to),
        note: body.note,
      };
    },
  };
}

const decidedBy = (row: ReviewRow): string =>
  row.decided_name ? `${row.decided_name} has decided on this draft.` : 'This draft was decided on already.';
