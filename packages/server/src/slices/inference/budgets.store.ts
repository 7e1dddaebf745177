import type { BudgetPeriod, BudgetScope } from '@rapport/protocol/limits';
import type { Db } from '../../platform/db/db.ts';

export interface BudgetRow {
  id: string;
  scope: BudgetScope;
  persona_id: string | null;
  user_id: string | null;
  period: BudgetPeriod;
  tokens: number | null;
  cost_micro_usd: number | null;
}

export interface NamedBudgetRow extends BudgetRow {
  subject_name: string | null;
}

export const listBudgets = (db: Db, orgId: string): Promise<NamedBudgetRow[]> =>
  db.many<NamedBudgetRow>(
    `select b.id, b.scope, b.persona_id, b.user_id, b.period, b.tokens, b.cost_micro_usd,
       coalesce(p.name, u.name) as subject_name
     from budget b
     left join persona p on p.org_id = b.org_id and p.id = b.persona_id
     left join app_user u on u.org_id = b.org_id and u.id = b.user_id
     where b.org_id = $1 order by b.scope, subject_name, b.period, b.id`,
    [orgId],
  );

/** Sets the budget of this subject and period. The foreign keys refuse a subject of another organisation. */
export const putBudget = (db: Db, orgId: string, budget: BudgetRow): Promise<{ id: string }> =>
  db.one<{ id: string }>(
    `insert into budget (org_id, id, scope, persona_id, user_id, period, tokens, cost_micro_usd)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (org_id, scope, persona_id, user_id, period) do update
       set tokens = excluded.tokens, cost_micro_usd = excluded.cost_micro_usd
     returning id`,
    [
      orgId,
      budget.id,
      budget.scope,
      budget.persona_id,
      budget.user_id,
      budget.period,
      budget.tokens,
      budget.cost_micro_usd,
    ],
  );

export const deleteBudget = (db: Db, orgId: string, id: string): Promise<number> =>
  db.exec('delete from budget where org_id = $1 and id = $2', [orgId, id]);
