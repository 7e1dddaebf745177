import type { PersonInsight } from '@rapport/protocol/person';
import type { Db } from '../../platform/db/db.ts';

type Insight = Omit<PersonInsight, 'points'>;
type Point = PersonInsight['points'][number] & { tone?: string };

/** What a model was asked about clients and their sessions, oldest first. */
export async function readInsights(
  db: Db,
  orgId: string,
  clientIds: string[],
  sessionIds: string[],
  /** Guesses at the tone included. */
  guesses: boolean,
): Promise<PersonInsight[]> {
  const rows = await db.many<Insight & { id: string }>(
    `select i.id, i.kind, i.session_id as "sessionId", i.thread_id as "threadId", i.engine, u.name as "askedBy",
       i.asked_at as "askedAt"
     from ai_insight i join app_user u on u.org_id = i.org_id and u.id = i.asked_by
     where i.org_id = $1 and (i.client_id = any($2::uuid[]) or i.session_id = any($3::uuid[]))
       and ($4 or i.kind <> 'tone') order by i.id`,
    [orgId, clientIds, sessionIds, guesses],
  );
  const parts = await db.many<{ insightId: string; number: number; body: Buffer }>(
    `select insight_id as "insightId", number, body from ai_insight_part
     where org_id = $1 and insight_id = any($2::uuid[]) order by insight_id, number`,
    [orgId, rows.map(({ id }) => id)],
  );
  const opened = await Promise.all(
    parts.map(async ({ insightId, number, body }) => {
      const place = { orgId, table: 'ai_insight_part', column: 'body', rowId: `${insightId}/${number}` };
      const { sessionId, seq, at, quote, text, tone } = JSON.parse(await db.codec.open(place, body)) as Point;
      return { insightId, point: { sessionId, seq, at, quote, text: tone ?? text } };
    }),
  );
  return rows.map(({ id, ...row }) => ({
    ...row,
    points: opened.filter(({ insightId }) => insightId === id).map(({ point }) => point),
  }));
}
