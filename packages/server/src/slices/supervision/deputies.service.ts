import type { z } from 'zod';
import type { DeputyShown } from '@rapport/protocol/supervision';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import * as store from './deputies.store.ts';

type Shown = z.infer<typeof DeputyShown>;
export type DeputyService = ReturnType<typeof createDeputyService>;

/** Who may decide on what a member has claimed, while that member is away. */
export function createDeputyService({ db, audit }: { db: Database; audit: Audit }) {
  const of = async (orgId: string, userId: string): Promise<Shown> => ({
    deputy: (await store.deputyOf(db.in(orgId), orgId, userId)) ?? null,
  });

  return {
    async get(actor: Actor): Promise<Shown> {
      requireStaff(actor);
      return of(actor.orgId, actor.userId);
    },

    /** Null names nobody. Throws `invalid-body` for who is no active member of the team, or oneself. */
    async set(actor: Actor, userId: string | null): Promise<Shown> {
      requireStaff(actor);
      await audit.acting(actor, 'review.deputy-set', { user: userId }, async (tx) => {
        const set = await store.setDeputy(tx, actor.orgId, actor.userId, userId);
        if (userId !== null && (set === 0 || userId === actor.userId))
          throw new AppError('invalid-body', { errors: [{ pointer: '/userId', message: 'Choose a colleague.' }] });
      });
      return of(actor.orgId, actor.userId);
    },
  };
}
