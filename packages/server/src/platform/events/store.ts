import type { Audience, EventActor, EventData, EventType } from '@rapport/protocol/events';
import type { Db, Tx } from '../db/db.ts';
import { newId } from '../ids.ts';

export interface EventDraft<T extends EventType = EventType> {
  type: T;
  audience: Audience;
  actor: EventActor;
  data: EventData<T>;
}

/** An event as read from the log; `body` is its JSON without room, made once for all readers. */
export interface LogEvent {
  seq: number;
  type: string;
  audience: Audience;
  actor: EventActor;
  at: string;
  body: string;
}

interface EventRow {
  seq: number;
  id: string;
  type: string;
  audience: Audience;
  actor: EventActor;
  data: Buffer;
  at: string;
}

const place = (orgId: string, id: string) => ({ orgId, table: 'event', column: 'data', rowId: id });

/** Appends in the transaction and wakes the readers after the commit. Returns the seq of the first event. */
export type AppendEvents = (tx: Tx, orgId: string, roomId: string, events: EventDraft[]) => Promise<number>;

export const draft = <T extends EventType>(
  type: T,
  audience: Audience,
  actor: EventActor,
  data: EventData<T>,
): EventDraft<T> => ({ type, audience, actor, data });

/**
 * Appends events to a room's log inside the caller's transaction and returns them as readers get them. The room's row stays
 * locked until the commit, which is what makes seq gapless and the order one for all readers.
 */
export async function appendEvents(tx: Tx, orgId: string, roomId: string, drafts: EventDraft[]): Promise<LogEvent[]> {
  const ids = drafts.map(() => newId());
  const plain = drafts.map((d) => JSON.stringify(d.data));
  const sealed = await Promise.all(
    plain.map((data, i) => tx.codec.seal(place(orgId, ids[i] as string), data, { room: roomId })),
  );
  const rows = await tx.many<{ seq: number; at: string }>(
    `with r as (update room set seq = seq + $3 where org_id = $1 and id = $2 returning seq - $3 as base),
     e as (
       insert into event (org_id, room_id, seq, id, type, audience, actor, data)
       select $1, $2, r.base + x.n, x.id, x.type, x.audience, x.actor, x.data
       from r, unnest($4::uuid[], $5::text[], $6::text[], $7::jsonb[], $8::bytea[])
         with ordinality as x(id, type, audience, actor, data, n)
       returning seq, at)
     select seq, at from e order by seq`,
    [
      orgId,
      roomId,
      drafts.length,
      ids,
      drafts.map((d) => d.type),
      drafts.map((d) => d.audience),
      drafts.map((d) => JSON.stringify(d.actor)),
      sealed,
    ],
  );
  if (rows.length !== drafts.length) throw new Error('there is no such room to append to');
  return rows.map((row, i) => toLogEvent({ ...(drafts[i] as EventDraft), ...row }, plain[i] as string));
}

/** Events after `after` in order, at most `limit`. `audience` is what the reader may see. */
export async function readEvents(
  db: Db,
  orgId: string,
  roomId: string,
  after: number,
  limit: number,
  audience: Audience,
): Promise<LogEvent[]> {
  const rows = await db.many<EventRow>(
    `select seq, id, type, audience, actor, data, at from event
     where org_id = $1 and room_id = $2 and seq > $3 and (audience = 'all' or $5 = 'staff')
     order by seq limit $4`,
    [orgId, roomId, after, limit, audience],
  );
  return Promise.all(rows.map(async (row) => toLogEvent(row, await db.codec.open(place(orgId, row.id), row.data))));
}

/** All events of certain types that `audience` may see, in order; of a whole room, so for exports only. */
export async function readEventsOfTypes<T extends EventType>(
  db: Db,
  orgId: string,
  roomId: string,
  types: T[],
  audience: Audience,
): Promise<{ seq: number; type: T; at: string; data: EventData<T> }[]> {
  const rows = await db.many<EventRow & { type: T }>(
    `select seq, id, type, audience, actor, data, at from event
     where org_id = $1 and room_id = $2 and type = any($3) and (audience = 'all' or $4 = 'staff') order by seq`,
    [orgId, roomId, types, audience],
  );
  return Promise.all(
    rows.map(async ({ seq, type, at, id, data }) => ({
      seq,
      type,
      at,
      data: JSON.parse(await db.codec.open(place(orgId, id), data)) as EventData<T>,
    })),
  );
}

/** `data` is JSON already: joining texts spares a parse and a stringify per event. */
function toLogEvent(
  row: Pick<LogEvent, 'seq' | 'audience' | 'actor' | 'at'> & { type: string },
  data: string,
): LogEvent {
  const { seq, type, audience, actor, at } = row;
  const head = JSON.stringify({ seq, type, audience, actor, at });
  return { seq, type, audience, actor, at, body: `${head.slice(0, -1)},"data":${data}}` };
}

export interface RoomState {
  orgId: string;
  seq: number;
  floor: number;
  epoch: number;
}

export const readRoom = (db: Db, orgId: string, roomId: string): Promise<RoomState | undefined> =>
  db.maybe<RoomState>(
    `select org_id as "orgId", seq, floor_seq as floor, epoch from room where org_id = $1 and id = $2`,
    [orgId, roomId],
  );

/** `subjectId`: whom the content of the room is about, so that it is sealed under that person's key. */
export const createRoom = (
  db: Db,
  orgId: string,
  room: { id: string; kind: string; subjectId: string | null },
): Promise<number> =>
  db.exec(`insert into room (org_id, id, kind, subject_id) values ($1, $2, $3, $4)`, [
    orgId,
    room.id,
    room.kind,
    room.subjectId,
  ]);

/** The heads of many rooms at once: the sweep that finds what a lost wake-up left behind. Platform use only. */
export const readHeads = (db: Db, roomIds: string[]): Promise<{ id: string; seq: number }[]> =>
  db.many(`select id, seq from room where id = any($1::uuid[])`, [roomIds]);
