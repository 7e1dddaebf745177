import type { LegalHold, LegalHoldQuery } from '@rapport/protocol/privacy';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './holds.store.ts';
import { findSubject, lockSubject } from './rows.store.ts';
import { viewerOf, type Subject } from './schema.ts';

export type HoldService = ReturnType<typeof createHoldService>;

/** Legal holds: while one is in force, what is stored of its subject cannot be erased. */
export function createHoldService({ db }: { db: Database }) {
  return {
    /** Throws `not-found`. Waits for an erasure that is just being committed, and then finds nobody. */
    async place(actor: Actor, subject: Subject, reason: string): Promise<LegalHold> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      return db.in(orgId).tx(async (tx) => {
        if (!(await lockSubject(tx, orgId, subject, viewerOf(actor)))) throw notFound();
        const id = newId();
        await store.insertHold(tx, orgId, id, subject, reason, userId);
        const hold = await store.findHold(tx, orgId, id);
        if (!hold) throw notFound();
        return hold;
      });
    },

    /** Throws `not-found`, `wrong-state` when it is lifted already. */
    async lift(actor: Actor, id: string, reason: string): Promise<LegalHold> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      return db.in(orgId).tx(async (tx) => {
        const hold = await store.findHold(tx, orgId, id);
        if (!hold || !(await findSubject(tx, orgId, hold.subject, viewerOf(actor)))) throw notFound();
        if (!(await store.liftHold(tx, orgId, hold, reason, userId))) {
          throw new AppError('wrong-state', { detail: 'This hold is lifted already.' });
        }
        return (await store.findHold(tx, orgId, id)) ?? hold;
      });
    },

    /** Newest first. */
    async list(
      actor: Actor,
      query: z.output<typeof LegalHoldQuery>,
    ): Promise<{ items: LegalHold[]; next: string | null }> {
      requireStaff(actor);
      const { orgId } = actor;
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const found = await store.listHolds(
        db.in(orgId),
        orgId,
        { all: query.state === 'all', viewer: viewerOf(actor) },
        before,
        query.limit + 1,
      );
      return toPage(
        found,
        query.limit,
        (hold) => hold,
        (hold) => encodeCursor(hold.id),
      );
    },
  };
}
