import type { SupervisionPolicy } from '@rapport/protocol/supervision';
import type { Db } from '../../platform/db/db.ts';

interface PolicyRow {
  policy: SupervisionPolicy['policy'];
  delay_seconds: number;
  review_seconds: number;
  pages: number;
  fallback_email: string | null;
}

export async function findPolicy(db: Db, orgId: string): Promise<SupervisionPolicy | undefined> {
  const row = await db.maybe<PolicyRow>(
    `select policy, delay_seconds, review_seconds, pages, fallback_email from supervision_policy where org_id = $1`,
    [orgId],
  );
  return (
    row && {
      policy: row.policy,
      delaySeconds: row.delay_seconds,
      reviewSeconds: row.review_seconds,
      pages: row.pages,
      fallbackEmail: row.fallback_email,
    }
  );
}

export const putPolicy = (db: Db, orgId: string, p: SupervisionPolicy): Promise<number> =>
  db.exec(
    `insert into supervision_policy (org_id, policy, delay_seconds, review_seconds, pages, fallback_email)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (org_id) do update set policy = excluded.policy, delay_seconds = excluded.delay_seconds,
       review_seconds = excluded.review_seconds, pages = excluded.pages, fallback_email = excluded.fallback_email`,
    [orgId, p.policy, p.delaySeconds, p.reviewSeconds, p.pages, p.fallbackEmail],
  );
