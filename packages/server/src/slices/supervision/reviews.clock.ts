import type { Database, Tx } from '../../platform/db/db.ts';
import { draft, type AppendEvents, type EventDraft } from '../../platform/events/store.ts';
import type { Logger } from '../../platform/logger.ts';
import { createRounds } from '../../platform/rounds.ts';
import type { Concerned } from './addressees.ts';
import type { PolicyService } from './policies.service.ts';
import type { ReviewService } from './reviews.service.ts';
import * as store from './reviews.store.ts';

const everyMs = 1000;
const atOnce = 50;

/** A draft nobody has decided on in time. `last`: no further letter follows. */
export interface Page {
  orgId: string;
  reviewId: string;
  about: Concerned;
  minutes: number;
  last: boolean;
  fallbackEmail: string | null;
}

/**
 * What happens to drafts because time passes: under `delayed` they go out, under the stricter rungs they never do; there the
 * client learns once that a person will answer, and the team is written to. Every server looks; each draft is dealt with once.
 */
export function createReviewClock(parts: {
  db: Database;
  log: Logger;
  reviews: ReviewService;
  policies: PolicyService;
  append: AppendEvents;
  /** Writes to the team; after the commit, so that a letter stands for what is stored. */
  page(page: Page): void;
}) {
  const { db, log, reviews, policies, append } = parts;
  const system = { kind: 'system', id: null, name: null } as const;

  const remind = async (tx: Tx, orgId: string, id: string) => {
    const row = await store.lockReview(tx, orgId, null, id);
    if (!row || !(await store.takeDue(tx, orgId, id))) return;
    const { pages, reviewSeconds, fallbackEmail } = await policies.of(orgId, tx);
    const last = row.pages + 1 >= pages;
    await store.setPaged(tx, orgId, id, last ? null : reviewSeconds);
    const data = { replyId: id };
    const events: EventDraft[] = [draft('review.overdue', 'staff', system, data)];
    if (!row.overdue) events.push(draft('reply.delayed', 'all', system, data));
    await append(tx, orgId, row.room_id, events);
    if (pages === 0) return;
    const since = Date.parse(row.waiting_since ?? row.opened_at);
    const minutes = Math.max(1, Math.round((Date.now() - since) / 60_000));
    const about = { clientId: row.client_id, createdBy: row.created_by };
    tx.afterCommit(() => parts.page({ orgId, reviewId: id, about, minutes, last, fallbackEmail }));
  };

  const tick = async () => {
    for (const { orgId, id, rung } of await store.dueReviews(db.everywhere, atOnce)) {
      await db
        .in(orgId)
        .tx((tx) => (rung === 'delayed' ? reviews.releaseDue(tx, orgId, id) : remind(tx, orgId, id)))
        .catch((error: Error) => log.warn({ err: error.message, review: id }, 'a due draft waits for the next round'));
    }
  };

  return createRounds(everyMs, tick, (error) =>
    log.debug({ err: error.message }, 'due drafts are looked for in the next round'),
  );
}
