import type { Page } from '@rapport/protocol/common';
import type { Goal, GoalPut } from '@rapport/protocol/goals';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './goals.store.ts';
import type { ClientService } from './service.ts';

export type GoalService = ReturnType<typeof createGoalService>;

/** What clients work towards, step by step. */
export function createGoalService({ db, audit, clients }: { db: Database; audit: Audit; clients: ClientService }) {
  return {
    /** For the services of sessions: those of the client among these. */
    chosen: store.findGoals,

    /** Newest first. Throws `not-found`. */
    async list(actor: Actor, clientId: string, page: Page): Promise<{ items: Goal[]; next: string | null }> {
      await clients.get(actor, clientId);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const goals = await store.listGoals(db.in(actor.orgId), actor.orgId, clientId, before, page.limit + 1);
      return toPage(
        goals,
        page.limit,
        (goal) => goal,
        (goal) => encodeCursor(goal.id),
      );
    },

    /** Throws `not-found`. */
    async create(actor: Actor, clientId: string, put: z.output<typeof GoalPut>): Promise<Goal> {
      requireStaff(actor);
      await clients.get(actor, clientId);
      const goal = { id: newId(), clientId, createdBy: actor.userId, put };
      return audit.acting(actor, 'client.goals-changed', { client: clientId }, (tx) =>
        store.insertGoal(tx, actor.orgId, goal),
      );
    },

    /** Replaces it, milestones and all. Throws `not-found`. */
    async update(actor: Actor, clientId: string, id: string, put: z.output<typeof GoalPut>): Promise<Goal> {
      await clients.get(actor, clientId);
      return audit.acting(actor, 'client.goals-changed', { client: clientId }, async (tx) => {
        const goal = await store.updateGoal(tx, actor.orgId, { id, clientId, put });
        if (!goal) throw notFound();
        return goal;
      });
    },
  };
}
