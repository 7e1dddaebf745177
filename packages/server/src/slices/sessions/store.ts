import type { SessionQuery, SessionStatus } from '@rapport/protocol/sessions';
import type { EngineName } from '@rapport/protocol/inference';
import type { Rung } from '@rapport/protocol/supervision';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { SessionRow } from './schema.ts';

const columns = `id, room_id, title, status, policy, persona_policy, taken_over_by, escalated, disclosed_at, wrote_since_told, persona_id, persona_version, persona_name,
  persona_role, client_id, client_name, alias, client_joined, engine, message_count, summary, summary_through, last_client_message, created_at,
  last_activity_at, ended_at, created_by, goal_ids, timer_ends_at, thread_id,
  (select c.policy from client c where c.org_id = session.org_id and c.id = session.client_id) as client_policy,
  (select p.policy from supervision_policy p where p.org_id = session.org_id) as org_policy,
  (select k.rungs from pack_choice k where k.org_id = session.org_id order by k.id desc limit 1) as pack_policies`;

const summaryPlace = (orgId: string, rowId: string) => ({ orgId, table: 'session', column: 'summary', rowId });

export interface NewSession {
  id: string;
  roomId: string;
  title: string;
  policy: Rung;
  personaPolicy: Rung;
  personaId: string;
  personaVersion: number;
  personaName: string;
  personaRole: string;
  clientId: string | null;
  clientName: string | null;
  threadId: string | null;
  engine: EngineName;
  createdBy: string;
}

export const insertSession = (tx: Tx, orgId: string, s: NewSession): Promise<SessionRow> =>
  tx.one<SessionRow>(
    `insert into session (org_id, id, room_id, title, policy, persona_policy, persona_id, persona_version, persona_name,
       persona_role, client_id, client_name, engine, created_by, thread_id)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning ${columns}`,
    [
      orgId,
      s.id,
      s.roomId,
      s.title,
      s.policy,
      s.personaPolicy,
      s.personaId,
      s.personaVersion,
      s.personaName,
      s.personaRole,
      s.clientId,
      s.clientName,
      JSON.stringify(s.engine),
      s.createdBy,
      s.threadId,
    ],
  );

/** `$3` is the viewer of `viewerOf`; null sees every session. One without a client is of whoever started it. */
const seen = `($3::uuid is null or client_id in (select c.client_id from caseload_of($1, $3) c)
  or (client_id is null and created_by = $3))`;

export const findSession = (
  db: Db,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<SessionRow | undefined> =>
  db.maybe<SessionRow>(`select ${columns} from session where org_id = $1 and id = $2 and ${seen}`, [orgId, id, viewer]);

export const findSessionByRoom = (
  db: Db,
  orgId: string,
  roomId: string,
  viewer: string | null,
): Promise<SessionRow | undefined> =>
  db.maybe<SessionRow>(`select ${columns} from session where org_id = $1 and room_id = $2 and ${seen}`, [
    orgId,
    roomId,
    viewer,
  ]);

/** Whoever changes a session's conversation holds this lock until the commit: checks and effects are one step. */
export const lockSession = (
  tx: Tx,
  orgId: string,
  id: string,
  viewer: string | null,
): Promise<SessionRow | undefined> =>
  tx.maybe<SessionRow>(`select ${columns} from session where org_id = $1 and id = $2 and ${seen} for update`, [
    orgId,
    id,
    viewer,
  ]);

/** With the rung that is in force in each. */
export const openSessionsOf = (db: Db, orgId: string, clientId: string): Promise<SessionRow[]> =>
  db.many<SessionRow>(
    `select ${columns} from session where org_id = $1 and client_id = $2 and status <> 'ended' order by id`,
    [orgId, clientId],
  );

/** One that has not ended before those that have. */
export const lockNewestOf = (tx: Tx, orgId: string, clientId: string): Promise<SessionRow | undefined> =>
  tx.maybe<SessionRow>(
    `select ${columns} from session where org_id = $1 and client_id = $2
     order by (status = 'ended'), id desc limit 1 for update`,
    [orgId, clientId],
  );

/** The open sessions of a client, or the one session; locked in one order, so that two who do this cannot lock each other out. */
export const lockOpenOf = (
  tx: Tx,
  orgId: string,
  clientId: string | null,
  sessionId: string | null,
): Promise<{ id: string; roomId: string }[]> =>
  tx.many(
    `select id, room_id as "roomId" from session
     where org_id = $1 and (client_id = $2 or id = $3) and status <> 'ended' order by id for update`,
    [orgId, clientId, sessionId],
  );

/** The newest sessions of a persona, or of all, that began in a stretch of days. */
export const pickSessions = async (
  db: Db,
  orgId: string,
  wanted: { personaId?: string | undefined; from?: string | undefined; to?: string | undefined },
  limit: number,
): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select id from session
       where org_id = $1 and ($2::uuid is null or persona_id = $2) and ($3::date is null or created_at >= $3)
         and ($4::date is null or created_at < $4::date + 1) and message_count > 0
       order by id desc limit $5`,
      [orgId, wanted.personaId ?? null, wanted.from ?? null, wanted.to ?? null, limit],
    )
  ).map((row) => row.id);

/** Of the client and the team, as they stand in the room's log; the persona's name is no person's. */
export const namesInRoom = async (db: Db, orgId: string, roomId: string): Promise<string[]> =>
  (
    await db.many<{ name: string }>(
      `select distinct actor ->> 'name' as name from event
       where org_id = $1 and room_id = $2 and actor ->> 'kind' in ('staff', 'client') and actor ->> 'name' is not null`,
      [orgId, roomId],
    )
  ).map((row) => row.name);

export const setStatus = (tx: Tx, orgId: string, id: string, status: SessionStatus): Promise<SessionRow> =>
  tx.one<SessionRow>(
    `update session set status = $3, last_activity_at = now(), ended_at = case when $3 = 'ended' then now() end
     where org_id = $1 and id = $2 returning ${columns}`,
    [orgId, id, status],
  );

export const setPolicy = (tx: Tx, orgId: string, id: string, policy: Rung): Promise<SessionRow> =>
  tx.one<SessionRow>(
    `update session set policy = $3, last_activity_at = now() where org_id = $1 and id = $2 returning ${columns}`,
    [orgId, id, policy],
  );

/** Sessions in which a persona writes now: of one client, or of the whole organisation. */
export const sessionsWithRunning = (db: Db, orgId: string, clientId: string | null): Promise<SessionRow[]> =>
  db.many<SessionRow>(
    `select ${columns} from session
     where org_id = $1 and ($2::uuid is null or client_id = $2)
       and id in (select g.session_id from generation g where g.org_id = $1 and g.status = 'running')`,
    [orgId, clientId],
  );

export const setTakenOver = (tx: Tx, orgId: string, id: string, userId: string | null): Promise<SessionRow> =>
  tx.one<SessionRow>(
    `update session set taken_over_by = $3, escalated = escalated and $3::uuid is not null, last_activity_at = now() where org_id = $1 and id = $2 returning ${columns}`,
    [orgId, id, userId],
  );

/** The persona writes no more until somebody of the team hands the session back. */
export const setEscalated = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec(`update session set escalated = true where org_id = $1 and id = $2`, [orgId, id]);

/** The client was told that an AI answers. */
export const setDisclosed = (tx: Tx, orgId: string, id: string, at: string): Promise<number> =>
  tx.exec(`update session set disclosed_at = $3, wrote_since_told = false where org_id = $1 and id = $2`, [
    orgId,
    id,
    at,
  ]);

/** Above all organisations: clients who wrote and were told longer ago than their organisation, or a pack of it, asks for. */
export const sessionsToRemind = (
  db: Db,
  now: string,
  minutes: number | null,
  limit: number,
): Promise<{ orgId: string; id: string }[]> =>
  db.many(
    `select s.org_id as "orgId", s.id from session s
     left join safety_setting f on f.org_id = s.org_id
     left join lateral (
       select k.remind_minutes from pack_choice k where k.org_id = s.org_id order by k.id desc limit 1) p on true
     where s.wrote_since_told and s.status = 'active' and s.client_joined
       and s.disclosed_at <= $1::timestamptz - make_interval(
         mins => least(case when f.org_id is null then $2::int else f.disclosure_minutes end, p.remind_minutes))
     order by s.disclosed_at limit $3`,
    [now, minutes, limit],
  );

/** Nobody is told until the client writes again. */
export const setNotToRemind = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec(`update session set wrote_since_told = false where org_id = $1 and id = $2`, [orgId, id]);

export const setEngine = (tx: Tx, orgId: string, id: string, engine: EngineName): Promise<number> =>
  tx.exec(`update session set engine = $3 where org_id = $1 and id = $2`, [orgId, id, JSON.stringify(engine)]);

export const setJoined = (tx: Tx, orgId: string, id: string, alias: string | null): Promise<SessionRow | undefined> =>
  tx.maybe<SessionRow>(
    `update session set client_joined = true, alias = coalesce($3, alias) where org_id = $1 and id = $2 returning ${columns}`,
    [orgId, id, alias],
  );

export const openSummary = async (db: Db, orgId: string, row: SessionRow): Promise<string> =>
  row.summary ? db.codec.open(summaryPlace(orgId, row.id), row.summary) : '';

/** Only ever moves forward: a slower summary of less is not written over a newer one. */
export const saveSummary = async (
  db: Db,
  orgId: string,
  row: SessionRow,
  text: string,
  through: number,
): Promise<number> =>
  db.exec(
    `update session set summary = $3, summary_through = $4 where org_id = $1 and id = $2 and summary_through < $4`,
    [orgId, row.id, await db.codec.seal(summaryPlace(orgId, row.id), text, { room: row.room_id }), through],
  );

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** By last activity, newest first. `before` is the last row of the page before: its activity and id. */
export const listSessions = (
  db: Db,
  orgId: string,
  viewer: string | null,
  query: SessionQuery,
  before: string[] | null,
  limit: number,
): Promise<SessionRow[]> =>
  db.many<SessionRow>(
    `select ${columns} from session
     where org_id = $1 and ${seen}
       and ($2::timestamptz is null or (last_activity_at, id) < ($2, $9::uuid))
       and ($4::text is null or title ilike $4 or persona_name ilike $4 or client_name ilike $4 or alias ilike $4)
       and ($5::text is null or status = $5)
       and ($6::uuid is null or persona_id = $6)
       and ($7::uuid is null or client_id = $7)
       and ($10::uuid is null or thread_id = $10)
     order by last_activity_at desc, id desc limit $8`,
    [
      orgId,
      before?.[0] ?? null,
      viewer,
      query.q ? `%${escapeLike(query.q)}%` : null,
      query.status ?? null,
      query.personaId ?? null,
      query.clientId ?? null,
      limit,
      before?.[1] ?? null,
      query.threadId ?? null,
    ],
  );
