import type { RetentionCategory, RetentionRule, RetentionRun } from '@rapport/protocol/retention';
import type { Db, Tx } from '../../platform/db/db.ts';

const leaseSeconds = 60;

export const listRules = (db: Db, orgId: string): Promise<RetentionRule[]> =>
  db.many(
    `select category, days, case when days is not null then next_run_at end as "nextRunAt"
     from retention_rule where org_id = $1`,
    [orgId],
  );

export const putRule = (db: Db, orgId: string, category: RetentionCategory, days: number | null, by: string) =>
  db.exec(
    `insert into retention_rule (org_id, category, days, updated_by) values ($1, $2, $3, $4)
     on conflict (org_id, category) do update set days = excluded.days, updated_by = excluded.updated_by,
       updated_at = now(), next_run_at = now()`,
    [orgId, category, days, by],
  );

export const setDue = (db: Db, orgId: string, category: RetentionCategory): Promise<number> =>
  db.exec('update retention_rule set next_run_at = now() where org_id = $1 and category = $2 and days is not null', [
    orgId,
    category,
  ]);

export interface Due {
  orgId: string;
  category: RetentionCategory;
  days: number;
}

/** One rule that is due, for this server alone. Above all organisations. */
export const takeDue = (db: Db, owner: string): Promise<Due | undefined> =>
  db.maybe<Due>(
    `with next as materialized (
       select org_id, category from retention_rule
       where days is not null and next_run_at <= now() and (lease_until is null or lease_until < now())
       order by next_run_at limit 1 for update skip locked)
     update retention_rule r set lease_owner = $1, lease_until = now() + interval '${leaseSeconds} seconds'
     from next where r.org_id = next.org_id and r.category = next.category
     returning r.org_id as "orgId", r.category, r.days`,
    [owner],
  );

/** Undefined: the rule was changed or another server has taken it. */
export const renew = (tx: Tx, { orgId, category, days }: Due, owner: string): Promise<unknown> =>
  tx.maybe(
    `update retention_rule set lease_until = now() + interval '${leaseSeconds} seconds'
     where org_id = $1 and category = $2 and days = $3 and lease_owner = $4 returning category`,
    [orgId, category, days, owner],
  );

export const release = (db: Db, { orgId, category }: Due, owner: string, againInHours: number) =>
  db.exec(
    `update retention_rule set lease_owner = null, lease_until = null, next_run_at = now() + make_interval(hours => $4)
     where org_id = $1 and category = $2 and lease_owner = $3`,
    [orgId, category, owner, againInHours],
  );

/** A run that its server left unfinished is closed by the one that comes after it. */
export async function beginRun(db: Db, id: string, { orgId, category, days }: Due): Promise<void> {
  await db.exec(
    `update retention_run set ended_at = now(), failure = 'cut short'
     where org_id = $1 and category = $2 and ended_at is null`,
    [orgId, category],
  );
  await db.exec('insert into retention_run (org_id, id, category, days) values ($1, $2, $3, $4)', [
    orgId,
    id,
    category,
    days,
  ]);
}

export const countDeleted = (tx: Tx, orgId: string, id: string, deleted: number) =>
  tx.exec('update retention_run set deleted = deleted + $3 where org_id = $1 and id = $2', [orgId, id, deleted]);

export const endRun = (db: Db, orgId: string, id: string, held: number, failure: string | null) =>
  db.exec('update retention_run set ended_at = now(), held = $3, failure = $4 where org_id = $1 and id = $2', [
    orgId,
    id,
    held,
    failure,
  ]);

/** Newest first; `before` is the id the page starts below. */
export const listRuns = (db: Db, orgId: string, before: string | null, limit: number): Promise<RetentionRun[]> =>
  db.many(
    `select id, category, days, deleted, held, failure, started_at as "startedAt", ended_at as "endedAt"
     from retention_run where org_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [orgId, before, limit],
  );
