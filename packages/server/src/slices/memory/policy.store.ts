import type { MemoryPolicy } from '@rapport/protocol/memory';
import type { Db } from '../../platform/db/db.ts';

export const findPolicy = (db: Db, orgId: string): Promise<MemoryPolicy | undefined> =>
  db.maybe(
    `select propose, auto_approve as "autoApprove", recall_sensitive as "recallSensitive", budget_tokens as "budgetTokens"
     from memory_policy where org_id = $1`,
    [orgId],
  );

export const putPolicy = (db: Db, orgId: string, policy: MemoryPolicy, by: string): Promise<number> =>
  db.exec(
    `insert into memory_policy (org_id, propose, auto_approve, recall_sensitive, budget_tokens, updated_by)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (org_id) do update set propose = excluded.propose, auto_approve = excluded.auto_approve,
       recall_sensitive = excluded.recall_sensitive, budget_tokens = excluded.budget_tokens,
       updated_by = excluded.updated_by, updated_at = now()`,
    [orgId, policy.propose, policy.autoApprove, policy.recallSensitive, policy.budgetTokens, by],
  );
