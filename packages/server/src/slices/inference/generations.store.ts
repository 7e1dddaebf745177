import type { EngineName, ReplyStatus, Usage } from '@rapport/protocol/inference';
import type { Audience } from '@rapport/protocol/events';
import type { Db, Tx } from '../../platform/db/db.ts';
import { Unreadable } from '../../platform/keys/keyring.ts';

/** Long enough to outlive a stall of the database, short enough that another server notices a death within 10 s. */
export const leaseSeconds = 5;

export interface GenerationStart {
  orgId: string;
  id: string;
  sessionId: string;
  roomId: string;
  audience: Audience;
  replyTo: string | null;
  replaces: string | null;
  engine: EngineName;
  /** Whose budgets it is counted for: the persona's, and those of the member of the team whose session it is. */
  personaId: string;
  userId: string;
}

export interface Generation extends GenerationStart {
  epoch: number;
  startedAt: string;
}

export interface GenerationEnd {
  status: Exclude<ReplyStatus, 'running'>;
  length: number;
  usage: Usage | null;
  costMicroUsd: number | null;
  firstTokenMs: number | null;
  durationMs: number | null;
  fault: string | null;
}

const columns = `org_id as "orgId", id, session_id as "sessionId", room_id as "roomId", audience, reply_to as "replyTo",
  replaces, engine, persona_id as "personaId", user_id as "userId", epoch, started_at as "startedAt"`;

const tokenPlace = (orgId: string, id: string, offset: number) => ({
  orgId,
  table: 'token_log',
  column: 'body',
  rowId: `${id}/${offset}`,
});

export const insertGeneration = (tx: Tx, g: GenerationStart, owner: string): Promise<Generation> =>
  tx.one<Generation>(
    `insert into generation (org_id, id, session_id, room_id, audience, status, reply_to, replaces, engine, owner, persona_id, user_id, lease_until)
     values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $9, $10, $11, now() + make_interval(secs => ${leaseSeconds})) returning ${columns}`,
    [
      g.orgId,
      g.id,
      g.sessionId,
      g.roomId,
      g.audience,
      g.replyTo,
      g.replaces,
      JSON.stringify(g.engine),
      owner,
      g.personaId,
      g.userId,
    ],
  );

/** Ends a generation if this owner still holds it; false: another server took it over. */
export async function endGeneration(tx: Tx, g: Generation, owner: string, end: GenerationEnd): Promise<boolean> {
  const changed = await tx.exec(
    `update generation set status = $5, length = $6, usage = $7, cost_micro_usd = $8, first_token_ms = $9,
       duration_ms = $10, fault = $11, ended_at = now()
     where org_id = $1 and id = $2 and status = 'running' and owner = $3 and epoch = $4`,
    [
      g.orgId,
      g.id,
      owner,
      g.epoch,
      end.status,
      end.length,
      end.usage && JSON.stringify(end.usage),
      end.costMicroUsd,
      end.firstTokenMs,
      end.durationMs,
      end.fault,
    ],
  );
  return changed === 1;
}

export interface TokenPiece {
  generation: Generation;
  offset: number;
  text: string;
}

/** A piece whose key was destroyed belongs to somebody who was erased, and must not hold up the others. */
async function sealPiece(db: Db, piece: TokenPiece): Promise<(TokenPiece & { body: Buffer })[]> {
  const { generation: g, offset, text } = piece;
  try {
    const body = await db.codec.seal(tokenPlace(g.orgId, g.id, offset), text, { room: g.roomId });
    return [{ ...piece, body }];
  } catch (error) {
    if (error instanceof Unreadable) return [];
    throw error;
  }
}

/** One statement for all running replies. A reply whose lease went to another server is left out by the join. */
export async function appendTokens(db: Db, owner: string, all: TokenPiece[]): Promise<number> {
  const pieces = (await Promise.all(all.map((piece) => sealPiece(db, piece)))).flat();
  return db.exec(
    `insert into token_log (org_id, generation_id, start_offset, body)
     select g.org_id, g.id, x.start_offset, x.body
     from unnest($2::uuid[], $3::uuid[], $4::int[], $5::int[], $6::bytea[]) as x(org_id, id, epoch, start_offset, body)
     join generation g on g.org_id = x.org_id and g.id = x.id and g.epoch = x.epoch
       and g.owner = $1 and g.status = 'running'`,
    [
      owner,
      pieces.map((p) => p.generation.orgId),
      pieces.map((p) => p.generation.id),
      pieces.map((p) => p.generation.epoch),
      pieces.map((p) => p.offset),
      pieces.map((p) => p.body),
    ],
  );
}

/**
 * The durable text of a reply from `offset` on, in order, and who may read it. Both as of one moment: what a held reply goes on
 * with is committed after its audience has changed.
 */
export async function readTokens(
  db: Db,
  orgId: string,
  id: string,
  offset: number,
): Promise<{ text: string; audience: Audience }> {
  const rows = await db.many<{ audience: Audience; at: number | null; body: Buffer }>(
    `select g.audience, t.start_offset as at, t.body from generation g
     left join token_log t on t.org_id = g.org_id and t.generation_id = g.id and t.start_offset >= $3
     where g.org_id = $1 and g.id = $2 order by t.start_offset`,
    [orgId, id, offset],
  );
  const pieces = await Promise.all(
    rows.flatMap(({ at, body }) => (at === null ? [] : [db.codec.open(tokenPlace(orgId, id, at), body)])),
  );
  return { text: pieces.join(''), audience: rows[0]?.audience ?? 'staff' };
}

/** Keeps the leases of what runs here and tells which of them are still ours and which somebody asked to stop or to hold. */
export const renewLeases = (
  db: Db,
  owner: string,
  ids: string[],
): Promise<{ id: string; stop: boolean; hold: boolean }[]> =>
  db.many(
    `update generation set lease_until = now() + make_interval(secs => ${leaseSeconds})
     where owner = $1 and status = 'running' and id = any($2::uuid[])
     returning id, stop_requested as stop, hold_requested as hold`,
    [owner, ids],
  );

/** Takes over replies whose owner died. The higher epoch shuts the old owner out should it come back. */
export const adoptOrphans = (db: Db, owner: string): Promise<Generation[]> =>
  db.many<Generation>(
    `update generation set owner = $1, epoch = epoch + 1, lease_until = now() + make_interval(secs => ${leaseSeconds})
     where (org_id, id) in (
       select org_id, id from generation where status = 'running' and lease_until < now() limit 100 for update skip locked)
     returning ${columns}`,
    [owner],
  );

export const requestStop = (db: Db, orgId: string, id: string): Promise<number> =>
  db.exec(`update generation set stop_requested = true where org_id = $1 and id = $2 and status = 'running'`, [
    orgId,
    id,
  ]);

/** From now on for the team alone; whoever makes it learns of it. */
export const requestHold = (db: Db, orgId: string, id: string): Promise<number> =>
  db.exec(`update generation set hold_requested = true where org_id = $1 and id = $2 and status = 'running'`, [
    orgId,
    id,
  ]);

export const setAudience = (tx: Tx, g: Generation, audience: Audience): Promise<number> =>
  tx.exec(`update generation set audience = $3 where org_id = $1 and id = $2`, [g.orgId, g.id, audience]);

export const runningIn = (db: Db, orgId: string, roomId: string): Promise<Generation[]> =>
  db.many<Generation>(
    `select ${columns} from generation g
     where org_id = $1 and status = 'running'
       and session_id = (select id from session s where s.org_id = $1 and s.room_id = $2)`,
    [orgId, roomId],
  );

/** What a finished reply streamed stands in its message or event: its token log is needed no longer. */
export const pruneTokens = (db: Db): Promise<number> =>
  db.exec(
    `delete from token_log t using generation g
     where g.org_id = t.org_id and g.id = t.generation_id and g.status <> 'running'
       and g.ended_at between now() - interval '2 hours' and now() - interval '10 minutes'`,
  );

export interface GenerationRow extends Generation {
  status: ReplyStatus;
  usage: Usage | null;
  costMicroUsd: number | null;
  firstTokenMs: number | null;
  durationMs: number | null;
  fault: string | null;
}

/** Newest first. */
export const listGenerations = (
  db: Db,
  orgId: string,
  sessionId: string,
  before: string | null,
  limit: number,
): Promise<GenerationRow[]> =>
  db.many<GenerationRow>(
    `select ${columns}, status, usage, cost_micro_usd as "costMicroUsd", first_token_ms as "firstTokenMs",
       duration_ms as "durationMs", fault
     from generation where org_id = $1 and session_id = $2 and ($3::uuid is null or id < $3) order by id desc limit $4`,
    [orgId, sessionId, before, limit],
  );

export const generationExists = async (db: Db, orgId: string, sessionId: string, id: string): Promise<boolean> =>
  (await db.maybe(`select 1 from generation where org_id = $1 and session_id = $2 and id = $3`, [
    orgId,
    sessionId,
    id,
  ])) !== undefined;
