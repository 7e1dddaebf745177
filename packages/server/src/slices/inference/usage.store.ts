import type { Db, Scope } from '../../platform/db/db.ts';

/** One reply's row of what it used. Where the provider did not tell, four characters of the reply count as a token. */
const counted = `
  1 as replies,
  coalesce((usage ->> 'inputTokens')::bigint, 0) + coalesce((usage ->> 'outputTokens')::bigint,
    case when engine ->> 'id' = 'reference' then 0 else ceil(length / 4.0)::bigint end) as tokens,
  coalesce(cost_micro_usd, 0) as cost`;

/** Hours end ten minutes late: by then no transaction that ends a reply in them is still open. */
const foldTo = `date_trunc('hour', now() - interval '10 minutes')`;

const adding = `replies = u.replies + excluded.replies, tokens = u.tokens + excluded.tokens,
  cost_micro_usd = u.cost_micro_usd + excluded.cost_micro_usd`;

/** What a question outside of any reply used stands in the sum of its hour at once: there is no row of its own to fold. */
export const addUsage = (
  db: Db,
  orgId: string,
  used: { personaId: string; userId: string; tokens: number; costMicroUsd: number },
): Promise<number> =>
  db.exec(
    `insert into usage_hour as u (org_id, hour, persona_id, user_id, replies, tokens, cost_micro_usd)
     values ($1, date_trunc('hour', now()), $2, $3, 0, $4, $5)
     on conflict (org_id, hour, persona_id, user_id) do update set ${adding}`,
    [orgId, used.personaId, used.userId, used.tokens, used.costMicroUsd],
  );

/** Moves the replies of whole hours into their sums. Done twice it changes nothing. */
export const foldUsage = (scope: Scope, orgId: string): Promise<void> =>
  scope.tx(async (tx) => {
    const { through } = await tx.one<{ through: string }>(
      `insert into usage_through as u (org_id, through) values ($1, to_timestamp(0))
       on conflict (org_id) do update set through = u.through returning through`,
      [orgId],
    );
    await tx.exec(
      `insert into usage_hour as u (org_id, hour, persona_id, user_id, replies, tokens, cost_micro_usd)
       select $1, date_trunc('hour', ended_at), persona_id, user_id, sum(replies), sum(tokens), sum(cost)
       from (select ended_at, persona_id, user_id, ${counted} from generation
             where org_id = $1 and status <> 'running' and persona_id is not null and user_id is not null
               and ended_at >= $2 and ended_at < ${foldTo}) g
       group by 2, 3, 4
       on conflict (org_id, hour, persona_id, user_id) do update set ${adding}`,
      [orgId, through],
    );
    await tx.exec(`update usage_through set through = greatest(through, ${foldTo}) where org_id = $1`, [orgId]);
  });

/** All replies of an organisation from $2 on, whether they are folded or not. */
const replies = `
  with t as (select coalesce((select through from usage_through where org_id = $1), to_timestamp(0)) as through),
  used as (
    select hour as at, persona_id, user_id, u.replies, u.tokens, cost_micro_usd as cost
    from usage_hour u where u.org_id = $1 and hour >= $2
    union all
    select ended_at, persona_id, user_id, ${counted}
    from generation, t where org_id = $1 and status <> 'running' and persona_id is not null and user_id is not null
      and ended_at >= greatest(t.through, $2::timestamptz))`;

export interface UsedRow {
  persona_id: string;
  user_id: string;
  replies: number;
  tokens: number;
  cost: number;
  day_replies: number;
  day_tokens: number;
  day_cost: number;
}

/** Since the beginning of the month, and of the day, by persona and by the member of the team whose session it was. */
export const usedSince = (db: Db, orgId: string, month: string, day: string): Promise<UsedRow[]> =>
  db.many<UsedRow>(
    `${replies}
     select persona_id, user_id, sum(replies)::bigint as replies, sum(tokens)::bigint as tokens, sum(cost)::bigint as cost,
       coalesce(sum(replies) filter (where at >= $3), 0)::bigint as day_replies,
       coalesce(sum(tokens) filter (where at >= $3), 0)::bigint as day_tokens,
       coalesce(sum(cost) filter (where at >= $3), 0)::bigint as day_cost
     from used group by 1, 2`,
    [orgId, month, day],
  );

export interface DayRow {
  day: string;
  replies: number;
  tokens: number;
  cost: number;
}

export const usedByDay = (db: Db, orgId: string, from: string): Promise<DayRow[]> =>
  db.many<DayRow>(
    `${replies}
     select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, sum(replies)::bigint as replies,
       sum(tokens)::bigint as tokens, sum(cost)::bigint as cost
     from used group by 1 order by 1`,
    [orgId, from],
  );
