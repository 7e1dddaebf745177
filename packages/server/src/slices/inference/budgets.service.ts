import type { Budget, BudgetPut, UsageDay } from '@rapport/protocol/limits';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import { systemClock, type Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './budgets.store.ts';
import type { BudgetRow, NamedBudgetRow } from './budgets.store.ts';
import * as usage from './usage.store.ts';
import type { UsedRow } from './usage.store.ts';

/** How late a reply's use is noticed by those that begin after it. */
const noticedMs = 2000;
const foldEveryMs = 600_000;
const dayMs = 86_400_000;

export type BudgetService = ReturnType<typeof createBudgetService>;

/** Which replies may not begin any more, as it was a moment ago. */
export interface Spending {
  /** When the first budget that is spent and concerns this reply begins anew; null: the reply may begin. */
  spentUntil(personaId: string, userId: string): Date | null;
}

const free: Spending = { spentUntil: () => null };

interface Periods {
  day: Date;
  month: Date;
  nextDay: Date;
  nextMonth: Date;
}

function periodsAt(now: number): Periods {
  const at = new Date(now);
  const [year, month, day] = [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()];
  return {
    day: new Date(Date.UTC(year, month, day)),
    month: new Date(Date.UTC(year, month, 1)),
    nextDay: new Date(Date.UTC(year, month, day + 1)),
    nextMonth: new Date(Date.UTC(year, month + 1, 1)),
  };
}

const concerns = (budget: BudgetRow, personaId: string, userId: string): boolean =>
  budget.scope === 'organisation' || budget.persona_id === personaId || budget.user_id === userId;

function usedOf(budget: BudgetRow, rows: UsedRow[]) {
  const used = { replies: 0, tokens: 0, costMicroUsd: 0 };
  for (const row of rows) {
    if (!concerns(budget, row.persona_id, row.user_id)) continue;
    const today = budget.period === 'day';
    used.replies += today ? row.day_replies : row.replies;
    used.tokens += today ? row.day_tokens : row.tokens;
    used.costMicroUsd += today ? row.day_cost : row.cost;
  }
  return used;
}

const isSpent = (budget: BudgetRow, used: ReturnType<typeof usedOf>): boolean =>
  (budget.tokens !== null && used.tokens >= budget.tokens) ||
  (budget.cost_micro_usd !== null && used.costMicroUsd >= budget.cost_micro_usd);

function spendingOf(budgets: BudgetRow[], rows: UsedRow[], periods: Periods): Spending {
  const spent = budgets.filter((budget) => isSpent(budget, usedOf(budget, rows)));
  if (spent.length === 0) return free;
  return {
    spentUntil(personaId, userId) {
      const mine = spent.filter((budget) => concerns(budget, personaId, userId));
      if (mine.length === 0) return null;
      return mine.some((budget) => budget.period === 'month') ? periods.nextMonth : periods.nextDay;
    },
  };
}

/**
 * How many tokens and how much money the replies of an organisation, a persona or a member of the team (whose session it
 * is) may use in a day or a month, by UTC. Counted is what each reply's row says it used, so a reply that is still being
 * made counts when it has ended: those that run, and those that begin within two seconds, may go beyond.
 */
export function createBudgetService(parts: { db: Database; audit: Audit; clock?: Clock }) {
  const { db, audit, clock = systemClock } = parts;
  const spendings = createBriefCache<Spending>(clock, { ttlMs: noticedMs, max: 10_000 });
  const folded = new Map<string, number>();

  const fold = async (orgId: string): Promise<void> => {
    if (clock.now() - (folded.get(orgId) ?? -Infinity) < foldEveryMs) return;
    folded.set(orgId, clock.now());
    await usage.foldUsage(db.in(orgId), orgId);
  };

  const used = async (orgId: string, { month, day }: Periods): Promise<UsedRow[]> => {
    await fold(orgId);
    return usage.usedSince(db.in(orgId), orgId, month.toISOString(), day.toISOString());
  };

  const toBudget = (row: NamedBudgetRow, rows: UsedRow[], periods: Periods): Budget => {
    const sum = usedOf(row, rows);
    return {
      id: row.id,
      scope: row.scope,
      subjectId: row.persona_id ?? row.user_id,
      subjectName: row.subject_name,
      period: row.period,
      tokens: row.tokens,
      costMicroUsd: row.cost_micro_usd,
      used: sum,
      spent: isSpent(row, sum),
      renewsAt: (row.period === 'day' ? periods.nextDay : periods.nextMonth).toISOString(),
    };
  };

  const all = async (orgId: string): Promise<Budget[]> => {
    const periods = periodsAt(clock.now());
    const [rows, sums] = await Promise.all([store.listBudgets(db.in(orgId), orgId), used(orgId, periods)]);
    return rows.map((row) => toBudget(row, sums, periods));
  };

  return {
    /** For whoever begins replies. Without budgets it costs one short statement every two seconds. */
    async spending(orgId: string): Promise<Spending> {
      const known = await spendings.get(orgId, async () => {
        const budgets = await store.listBudgets(db.in(orgId), orgId);
        if (budgets.length === 0) return free;
        const periods = periodsAt(clock.now());
        return spendingOf(budgets, await used(orgId, periods), periods);
      });
      return known ?? free;
    },

    /** What a question to a model outside of any reply used; `userId` is who had it asked. */
    async count(orgId: string, of: { personaId: string; userId: string; tokens: number; costMicroUsd: number }) {
      await usage.addUsage(db.in(orgId), orgId, of);
    },

    /** Every budget with what was used of it. */
    async list(actor: Actor): Promise<{ items: Budget[]; next: null }> {
      requireStaff(actor);
      return { items: await all(actor.orgId), next: null };
    },

    /** Sets the budget of a subject for a period. Throws `not-found` for a persona or person that is not there. */
    async put(actor: Actor, body: z.output<typeof BudgetPut>): Promise<Budget> {
      requireStaff(actor);
      const { id } = await audit
        .acting(actor, 'budget.changed', {}, (tx) =>
          store.putBudget(tx, actor.orgId, {
            id: newId(),
            scope: body.scope,
            persona_id: body.scope === 'persona' ? body.subjectId : null,
            user_id: body.scope === 'user' ? body.subjectId : null,
            period: body.period,
            tokens: body.tokens,
            cost_micro_usd: body.costMicroUsd,
          }),
        )
        .catch((error: unknown) => {
          if ((error as { code?: string }).code === '23503') throw notFound();
          throw error;
        });
      spendings.clear();
      const budget = (await all(actor.orgId)).find((one) => one.id === id);
      if (!budget) throw notFound();
      return budget;
    },

    /** Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      await audit.acting(actor, 'budget.changed', {}, async (tx) => {
        if ((await store.deleteBudget(tx, actor.orgId, id)) === 0) throw notFound();
      });
      spendings.clear();
    },

    /** What the organisation's replies used, by day, today last. */
    async byDay(actor: Actor, days: number): Promise<{ items: UsageDay[]; next: null }> {
      requireStaff(actor);
      const today = periodsAt(clock.now()).day.getTime();
      const from = new Date(today - (days - 1) * dayMs);
      await fold(actor.orgId);
      const rows = await usage.usedByDay(db.in(actor.orgId), actor.orgId, from.toISOString());
      const known = new Map(rows.map((row) => [row.day, row]));
      const items = Array.from({ length: days }, (_, at) => {
        const day = new Date(from.getTime() + at * dayMs).toISOString().slice(0, 10);
        const row = known.get(day);
        return { day, replies: row?.replies ?? 0, tokens: row?.tokens ?? 0, costMicroUsd: row?.cost ?? 0 };
      });
      return { items, next: null };
    },
  };
}
