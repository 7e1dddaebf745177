import type { EventPage, TextDelta } from '@rapport/protocol/events';
import type { MessageAccepted } from '@rapport/protocol/sessions';
import { audienceOf, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { readEvents, readRoom, type LogEvent } from '../../platform/events/store.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import type { Attachment, Ephemeral, Hub } from '../../platform/realtime/hub.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { viewerOf } from '../clients/caseload.ts';
import type { GenerationService } from '../inference/generations.service.ts';
import type { BaseService } from '../knowledge/bases.service.ts';
import type { ConversationService } from '../sessions/conversation.service.ts';
import type { SessionService } from '../sessions/service.ts';
import { createPatrol } from './patrol.ts';

/** What a connection of any transport does with what a room sends. Must not throw. */
export interface RoomSink {
  event(event: LogEvent): void;
  /** JSON object of the message without envelope. */
  ephemeral(type: string, body: string): void;
  synced(seq: number, epoch: number): void;
  reset(seq: number, epoch: number): void;
  /** The room was removed. */
  gone(): void;
}

/** A page as JSON text: the events are joined as they stand in the log. */
export interface RawPage {
  json: string;
  empty: boolean;
}

export type RoomService = ReturnType<typeof createRoomService>;

export function createRoomService(parts: {
  db: Database;
  audit: Audit;
  hub: Hub;
  wake: Wake;
  generations: GenerationService;
  sessions: SessionService;
  conversations: ConversationService;
  bases: Pick<BaseService, 'ownsRoom'>;
}) {
  const { db, audit, hub, wake, generations, sessions, conversations, bases } = parts;

  /** A session's room, for who may follow it. Throws `not-found`, `forbidden`. */
  const sessionOf = async (actor: Actor, roomId: string) => {
    const session = await sessions.room(actor, roomId);
    if (!actor.permissions.has('sessions.follow')) throw new AppError('forbidden');
    return session;
  };

  /** What the whole team is told, under the organisation's own id. Throws `forbidden`. */
  const isTeamRoom = (actor: Actor, roomId: string): boolean => {
    if (actor.kind !== 'staff' || roomId !== actor.orgId) return false;
    if (!actor.permissions.has('sessions.follow')) throw new AppError('forbidden');
    return true;
  };

  const requireRoom = async (actor: Actor, roomId: string): Promise<void> => {
    if (isTeamRoom(actor, roomId)) return;
    if (!(await bases.ownsRoom(actor, roomId))) await sessionOf(actor, roomId);
  };

  /** A session's log is its record: who reads it, live or in pages, is in the audit log. Throws `not-found`. */
  const open = async (actor: Actor, roomId: string): Promise<void> => {
    if (isTeamRoom(actor, roomId) || (await bases.ownsRoom(actor, roomId))) return;
    const { sessionId: session, clientId: client } = await sessionOf(actor, roomId);
    await audit.read(actor, 'session.watched', { session, client });
  };

  /** That a list has changed is told to those who may see the room it changed by; not which room that is. */
  const passNews = async (actor: Actor, body: string, sink: RoomSink): Promise<void> => {
    const { about, room } = JSON.parse(body) as { about: string; room: string };
    try {
      if (viewerOf(actor) !== null) await sessions.room(actor, room);
      sink.ephemeral('news', JSON.stringify({ about }));
    } catch {
      // Not theirs, or the database does not answer: their lists are read again after a while in any case.
    }
  };

  /**
   * Replays the log after `after` and goes on live. Tokens are held back until the running replies have been given from
   * their beginning, so that a reader never meets a gap. Throws `not-found`.
   */
  const attach = async (actor: Actor, roomId: string, after: number, epoch: number | undefined, sink: RoomSink) => {
    await open(actor, roomId);
    const audience = audienceOf(actor);
    let ready = false;
    const attachment: Attachment | undefined = await hub.attach(actor.orgId, roomId, after, epoch, {
      audience,
      event: (event) => sink.event(event),
      ephemeral: (message: Ephemeral) => {
        if (message.type === 'news') void passNews(actor, message.body, sink);
        else if (ready || message.type !== 'text-delta') sink.ephemeral(message.type, message.body);
      },
      synced: (seq, at) => sink.synced(seq, at),
      reset: (seq, at) => sink.reset(seq, at),
      gone: () => sink.gone(),
    });
    if (!attachment) throw notFound();
    const snapshot = await generations.snapshot(actor.orgId, roomId, audience);
    ready = true;
    for (const delta of snapshot()) sink.ephemeral('text-delta', JSON.stringify(delta));
    return attachment;
  };

  const page = async (actor: Actor, roomId: string, after: number, limit: number): Promise<RawPage> => {
    const room = await readRoom(db.in(actor.orgId), actor.orgId, roomId);
    if (!room) throw notFound();
    const audience = audienceOf(actor);
    const reset = after > room.seq || after < room.floor;
    const events = reset ? [] : await readEvents(db.in(actor.orgId), actor.orgId, roomId, after, limit, audience);
    const last = events.at(-1);
    // A client's page may end below the head because the rest is for staff only: the cursor passes over it.
    const next = events.length === limit && last ? last.seq : Math.max(room.seq, last?.seq ?? 0);
    const running: TextDelta[] = (await generations.snapshot(actor.orgId, roomId, audience))();
    const json =
      `{"events":[${events.map((e) => e.body).join(',')}],"next":${next},"reset":${reset},` +
      `"running":${JSON.stringify(running satisfies EventPage['running'])}}`;
    return { json, empty: events.length === 0 && !reset };
  };

  const showTyping = (roomId: string, who: Actor['kind'], on: boolean) =>
    hub.ephemeral(roomId, {
      audience: who === 'client' ? 'staff' : 'all',
      type: 'typing',
      body: JSON.stringify({ who, on }),
    });

  wake.on((topic, position) => {
    const [kind, who, roomId] = topic.split('/');
    if (kind === 'typing' && roomId) showTyping(roomId, who === 'client' ? 'client' : 'staff', position === 1);
  });

  return {
    attach,
    patrol: createPatrol(),

    /** Throws `not-found` where the actor may not, or no longer, see the room. */
    requireRoom,

    /**
     * Events after `after`. With nothing there it waits up to `wait` seconds for an event or for the tokens of a reply.
     * Throws `not-found`, and what `again` throws for who lost access while they waited.
     */
    async events(
      actor: Actor,
      roomId: string,
      query: { after: number; limit: number; wait: number },
      waiting: { signal: AbortSignal; again: () => Promise<Actor> },
    ) {
      await open(actor, roomId);
      const first = await page(actor, roomId, query.after, query.limit);
      if (!first.empty || query.wait === 0) return first.json;
      await wokenUp(actor, roomId, query.after, query.wait, waiting.signal);
      // What came meanwhile may not be theirs any more.
      const still = await waiting.again();
      await requireRoom(still, roomId);
      return (await page(still, roomId, query.after, query.limit)).json;
    },

    async publish(actor: Actor, roomId: string, text: string, mid: string | undefined): Promise<MessageAccepted> {
      const { sessionId } = await sessions.room(actor, roomId);
      return conversations.post(actor, sessionId, text, mid);
    },

    /**
     * Tells the other side, on every server; never stored. A client learns that a person types only where a person
     * writes instead of the persona: anywhere else it would betray guidance or supervision. Throws `not-found`.
     */
    async typing(actor: Actor, roomId: string, on: boolean): Promise<void> {
      const { rung, ended } = await sessions.room(actor, roomId);
      if (ended || (actor.kind === 'staff' && rung !== 'takeover')) return;
      showTyping(roomId, actor.kind, on);
      wake.send(`typing/${actor.kind}/${roomId}`, on ? 1 : 0);
    },
  };

  async function wokenUp(actor: Actor, roomId: string, after: number, wait: number, signal: AbortSignal) {
    let wake: () => void = () => {};
    const woken = new Promise<void>((resolve) => (wake = resolve));
    const timer = setTimeout(wake, wait * 1000);
    signal.addEventListener('abort', wake, { once: true });
    const attachment = await hub.attach(actor.orgId, roomId, after, undefined, {
      audience: audienceOf(actor),
      event: wake,
      ephemeral: () => {},
      synced: () => {},
      reset: wake,
      gone: wake,
    });
    try {
      await woken;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      attachment?.detach();
    }
    if (signal.aborted) throw new AppError('shutting-down');
  }
}
