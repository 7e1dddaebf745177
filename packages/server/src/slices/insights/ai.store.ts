import type { AiPoint } from '@rapport/protocol/aiInsights';
import type { EngineName } from '@rapport/protocol/inference';
import type { Db, Tx } from '../../platform/db/db.ts';

export type AiKind = 'summary' | 'tone';

/** What a report or a question to a model is about; a thread has its client beside it. */
export interface Subject {
  sessionId: string | null;
  clientId: string | null;
  threadId: string | null;
}

/** A point of a model with the words that it rests on. */
type Point = Pick<AiPoint, 'sessionId' | 'seq' | 'at' | 'quote'>;

export interface AiRow {
  id: string;
  engine: EngineName;
  leftOut: number;
  askedBy: { id: string; name: string };
  askedAt: string;
}

const place = (orgId: string, insightId: string, number: number) => ({
  orgId,
  table: 'ai_insight_part',
  column: 'body',
  rowId: `${insightId}/${number}`,
});

/** What a model was last asked, with what is left of it: what it said of a session goes with the session. */
export async function findInsight<T extends Point>(
  db: Db,
  orgId: string,
  kind: AiKind,
  { sessionId, clientId, threadId }: Subject,
): Promise<(AiRow & { points: T[] }) | null> {
  const row = await db.maybe<AiRow>(
    `select i.id, i.engine, i.left_out as "leftOut", i.asked_at as "askedAt",
       json_build_object('id', i.asked_by, 'name', u.name) as "askedBy"
     from ai_insight i join app_user u on u.org_id = i.org_id and u.id = i.asked_by
     where i.org_id = $1 and i.kind = $2 and i.session_id is not distinct from $3
       and i.client_id is not distinct from $4 and i.thread_id is not distinct from $5`,
    [orgId, kind, sessionId, clientId, threadId],
  );
  if (!row) return null;
  const parts = await db.many<{ number: number; body: Buffer }>(
    `select number, body from ai_insight_part where org_id = $1 and insight_id = $2 order by number`,
    [orgId, row.id],
  );
  const points = await Promise.all(
    parts.map(async ({ number, body }) => JSON.parse(await db.codec.open(place(orgId, row.id, number), body)) as T),
  );
  return points.length === 0 ? null : { ...row, points };
}

/** Which of these sessions are left, with their rooms. */
type Rooms = Map<string, string>;

/**
 * Holds until the commit what it is about and the sessions that it quotes, in the order of whoever deletes them: their client
 * before the thread, the sessions after both, and all before what was asked already. Null where what it is about is gone.
 */
export async function holdSubject(
  tx: Tx,
  orgId: string,
  { subject, clientId, quoted }: { subject: Subject; clientId: string | null; quoted: string[] },
): Promise<Rooms | null> {
  const { sessionId, threadId } = subject;
  const isLeft = async (id: string | null, statement: string) =>
    id === null || (await tx.maybe(statement, [orgId, id])) !== undefined;
  if (!(await isLeft(clientId, 'select 1 from client where org_id = $1 and id = $2 for key share'))) return null;
  if (!(await isLeft(threadId, 'select 1 from thread where org_id = $1 and id = $2 for key share'))) return null;
  // Those that have not ended come first for whoever writes down a consent, too.
  const sessions = await tx.many<{ id: string; roomId: string }>(
    `select id, room_id as "roomId" from session where org_id = $1 and id = any($2::uuid[])
     order by status = 'ended', id for key share`,
    [orgId, sessionId === null ? quoted : [sessionId, ...quoted]],
  );
  const rooms: Rooms = new Map(sessions.map(({ id, roomId }) => [id, roomId]));
  return sessionId === null || rooms.has(sessionId) ? rooms : null;
}

export interface NewInsight {
  id: string;
  kind: AiKind;
  subject: Subject;
  engine: EngineName;
  leftOut: number;
  askedBy: string;
  points: Point[];
}

/** In the place of what was asked before. Points of a session that is not in `rooms` are not stored. */
export async function putInsight(tx: Tx, orgId: string, made: NewInsight, rooms: Rooms): Promise<void> {
  const { sessionId, clientId, threadId } = made.subject;
  const { id } = await tx.one<{ id: string }>(
    `insert into ai_insight (org_id, id, kind, session_id, client_id, thread_id, engine, left_out, asked_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     on conflict (org_id, kind, session_id, client_id, thread_id) do update
       set engine = excluded.engine, left_out = excluded.left_out, asked_by = excluded.asked_by, asked_at = now()
     returning id`,
    [orgId, made.id, made.kind, sessionId, clientId, threadId, JSON.stringify(made.engine), made.leftOut, made.askedBy],
  );
  await tx.exec('delete from ai_insight_part where org_id = $1 and insight_id = $2', [orgId, id]);
  for (const [number, point] of made.points.entries()) {
    const room = rooms.get(point.sessionId);
    if (room === undefined) continue;
    const body = await tx.codec.seal(place(orgId, id, number), JSON.stringify(point), { room });
    await tx.exec(
      'insert into ai_insight_part (org_id, insight_id, number, session_id, body) values ($1, $2, $3, $4, $5)',
      [orgId, id, number, point.sessionId, body],
    );
  }
}

/** What it is about, and who may know of it is asked with that. */
export const subjectOf = (db: Db, orgId: string, id: string): Promise<Subject | undefined> =>
  db.maybe<Subject>(
    `select session_id as "sessionId", client_id as "clientId", thread_id as "threadId" from ai_insight
     where org_id = $1 and id = $2`,
    [orgId, id],
  );

export const deleteInsight = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec('delete from ai_insight where org_id = $1 and id = $2', [orgId, id]);
