import type { PersonaFigures } from '@rapport/protocol/insights';
import type { ReviewReason } from '@rapport/protocol/supervision';
import type { Db } from '../../platform/db/db.ts';

type Counted = Omit<PersonaFigures, 'approvalRate' | 'reasons'>;

/** Of the replies held since `from`, for each persona, the one with most of them first. */
export const countDecisions = (db: Db, orgId: string, from: string): Promise<Counted[]> =>
  db.many<Counted>(
    `select s.persona_id as "personaId", (array_agg(s.persona_name order by r.opened_at desc))[1] as name,
       count(*) filter (where r.state = 'released')::int as released,
       count(*) filter (where r.state = 'released' and r.edit_distance > 0)::int as edited,
       count(*) filter (where r.state = 'rejected')::int as rejected,
       count(*) filter (where r.state = 'discarded')::int as discarded,
       count(*) filter (where r.overdue)::int as overdue,
       round(percentile_cont(0.5) within group (order by extract(epoch from r.decided_at - r.waiting_since))
         filter (where r.decided_by is not null))::int as "medianWaitSeconds",
       round(percentile_cont(0.95) within group (order by extract(epoch from r.decided_at - r.waiting_since))
         filter (where r.decided_by is not null))::int as "p95WaitSeconds",
       round(percentile_cont(0.5) within group (order by r.edit_distance)
         filter (where r.state = 'released'))::int as "medianEditDistance"
     from review r join session s on s.org_id = r.org_id and s.id = r.session_id
     where r.org_id = $1 and r.opened_at >= $2
     group by s.persona_id order by count(*) desc, s.persona_id limit 200`,
    [orgId, from],
  );

export const countReasons = (
  db: Db,
  orgId: string,
  from: string,
): Promise<{ personaId: string; reason: ReviewReason; count: number }[]> =>
  db.many(
    `select s.persona_id as "personaId", reason, count(*)::int as count
     from review r join session s on s.org_id = r.org_id and s.id = r.session_id, unnest(r.reasons) as reason
     where r.org_id = $1 and r.opened_at >= $2
     group by s.persona_id, reason order by count(*) desc, reason`,
    [orgId, from],
  );
