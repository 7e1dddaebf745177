import { createHash } from 'node:crypto';
import { appendEvents, createRoom, draft, type EventDraft } from '../../platform/events/store.ts';
import type { EngineName } from '@rapport/protocol/inference';
import type {
  ClientSession,
  Message,
  MessageAccepted,
  Reply,
  Session,
  SessionCreate,
  SessionQuery,
} from '@rapport/protocol/sessions';
import type { Page } from '@rapport/protocol/common';
import type { z } from 'zod';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Hub } from '../../platform/realtime/hub.ts';
import type { ClientService } from '../clients/service.ts';
import type { GenerationService } from '../inference/generations.service.ts';
import type { ProviderService } from '../inference/providers.service.ts';
import type { PersonaService } from '../personas/service.ts';
import { personaMayAnswer } from '../supervision/service.ts';
import { createEngineChooser } from './engines.ts';
import * as messages from './messages.store.ts';
import type { SessionRow } from './schema.ts';
import * as store from './store.ts';
import { rungOf, toClientSession, toSession } from './session.ts';

export interface SessionParts {
  db: Database;
  hub: Hub;
  personas: PersonaService;
  clients: ClientService;
  providers: ProviderService;
  generations: GenerationService;
}

export type SessionService = ReturnType<typeof createSessionService>;

const pendingWindow = 20;

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A client's token opens its own session and nothing else. */
const mayEnter = (actor: Actor, sessionId: string): boolean => actor.kind === 'staff' || actor.sessionId === sessionId;

export function createSessionService(parts: SessionParts) {
  const { db, hub, personas, clients, providers, generations } = parts;

  const enter = async (actor: Actor, id: string): Promise<SessionRow> => {
    const row = mayEnter(actor, id) ? await store.findSession(db, actor.orgId, id) : undefined;
    if (!row) throw notFound();
    return row;
  };

  const lock = async (tx: Tx, actor: Actor, id: string): Promise<SessionRow> => {
    const row = mayEnter(actor, id) ? await store.lockSession(tx, actor.orgId, id) : undefined;
    if (!row) throw notFound();
    return row;
  };

  /** Appends and wakes the readers after the commit. Returns the seq of the first event. */
  const append = async (tx: Tx, orgId: string, roomId: string, events: EventDraft[]): Promise<number> => {
    const first = await appendEvents(tx, orgId, roomId, events);
    tx.afterCommit(() => hub.appended(roomId, first + events.length - 1));
    return first;
  };

  const engines = createEngineChooser({ personas, providers });
  const chosenEngine = async (actor: Actor, id: string): Promise<EngineName> =>
    (mayEnter(actor, id) && (await engines.known(actor.orgId, id))) || engines.of(actor.orgId, await enter(actor, id));

  /** Starts the reply to a message in the caller's transaction; the events go into `events` before they are appended. */
  const beginReply = async (
    tx: Tx,
    orgId: string,
    row: SessionRow,
    reply: { replyId: string; engine: EngineName; replyTo: string | null; replaces: string | null },
  ) => {
    if (JSON.stringify(row.engine) !== JSON.stringify(reply.engine)) await store.setEngine(tx, orgId, row.id, reply.engine);
    await generations.begin(tx, {
      orgId,
      id: reply.replyId,
      sessionId: row.id,
      roomId: row.room_id,
      audience: 'all',
      replyTo: reply.replyTo,
      replaces: reply.replaces,
      engine: reply.engine,
    });
  };

  const startedEvent = (row: SessionRow, replyId: string, engine: EngineName, replyTo: string | null) =>
    draft('reply.started', 'all', { kind: 'persona', id: row.persona_id, name: row.persona_name }, { replyId, engine, replyTo });

  /** As whom this actor's words are stored. Throws `wrong-state` when a member of staff must take over first. */
  const authorOf = (actor: Actor, row: SessionRow): 'client' | 'staff' => {
    if (actor.kind === 'client') return 'client';
    if (!personaMayAnswer(rungOf(row))) return 'staff';
    // Until a client has joined, staff speak the client's part: a rehearsal, or a talk written down for somebody present.
    if (!row.client_joined) return 'client';
    throw new AppError('wrong-state', { detail: 'Take the session over before writing to the client yourself.' });
  };

  const change = async (
    actor: Actor,
    id: string,
    apply: (tx: Tx, row: SessionRow) => Promise<{ row: SessionRow; event: EventDraft } | null>,
  ): Promise<Session> => {
    requireStaff(actor);
    const row = await db.tx(async (tx) => {
      const locked = await lock(tx, actor, id);
      if (locked.status === 'ended') throw new AppError('session-ended');
      const result = await apply(tx, locked);
      if (!result) return locked;
      await append(tx, actor.orgId, locked.room_id, [result.event]);
      return result.row;
    });
    return toSession(row);
  };

  const stopRunning = async (orgId: string, sessionId: string) => {
    const [latest] = await generations.list(orgId, sessionId, null, 1);
    if (latest?.status === 'running') await generations.stop(orgId, latest.id);
  };

  /** Answers what the client wrote while nobody could: after a resume, a hand-back, or the end of the reply before. */
  const answerPending = async (orgId: string, sessionId: string): Promise<string | null> => {
    const replyId = newId();
    const session = await store.findSession(db, orgId, sessionId);
    if (!session) return null;
    const engine = await engines.of(orgId, session);
    return db.tx(async (tx) => {
      const row = await store.lockSession(tx, orgId, sessionId);
      if (!row || row.status !== 'active' || !personaMayAnswer(rungOf(row))) return null;
      const recent = await messages.listMessages(tx, orgId, sessionId, null, pendingWindow);
      const [latest] = await generations.list(orgId, sessionId, null, 1, tx);
      // Within the last messages: what a person of the team has answered needs no reply; what arrived while a reply ran stands before that reply.
      const last = recent.slice(recent.findLastIndex((m) => m.author === 'staff') + 1).findLast((m) => m.author === 'client');
      if (!last || latest?.status === 'running' || latest?.replyTo === last.id) return null;
      await beginReply(tx, orgId, row, { replyId, engine, replyTo: last.id, replaces: null });
      await append(tx, orgId, row.room_id, [startedEvent(row, replyId, engine, last.id)]);
      return replyId;
    });
  };

  return {
    append,
    answerPending,

    /** Pins the persona's published version. Throws `not-found`, `not-published`. */
    async create(actor: Actor, body: z.output<typeof SessionCreate>): Promise<Session> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      const { version, spec } = await personas.publishedSpec(orgId, body.personaId);
      const client = body.clientId ? await clients.get(actor, body.clientId) : null;
      const engine = (await providers.engineFor(orgId, spec.model.providerId, spec.model.model)).name;
      const [id, roomId, openingId] = [newId(), newId(), newId()];
      const personaActor = { kind: 'persona' as const, id: body.personaId, name: spec.name };
      return db.tx(async (tx) => {
        await createRoom(tx, orgId, roomId, 'session');
        const row = await store.insertSession(tx, orgId, {
          id,
          roomId,
          title: body.title ?? (client ? `${spec.name} · ${client.name}` : spec.name),
          policy: body.policy,
          personaPolicy: spec.policy,
          personaId: body.personaId,
          personaVersion: version,
          personaName: spec.name,
          personaRole: spec.role,
          clientId: client?.id ?? null,
          clientName: client?.name ?? null,
          engine,
          createdBy: userId,
        });
        const events: EventDraft[] = [draft('session.created', 'staff', asEventActor(actor), { sessionId: id })];
        if (spec.openingLine) {
          events.push(
            draft('message.created', 'all', personaActor, { messageId: openingId, author: 'persona', text: spec.openingLine }),
          );
        }
        const first = await append(tx, orgId, roomId, events);
        if (!spec.openingLine) return toSession(row);
        await messages.insertMessage(tx, orgId, id, { id: openingId, seq: first + 1, author: 'persona', text: spec.openingLine });
        return toSession({ ...row, message_count: 1 });
      });
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Session> {
      requireStaff(actor);
      return toSession(await enter(actor, id));
    },

    /** What the client's side may know. Throws `not-found`. */
    async clientView(actor: Actor, id: string): Promise<ClientSession> {
      return toClientSession(await enter(actor, id));
    },

    async list(actor: Actor, query: SessionQuery): Promise<{ items: Session[]; next: string | null }> {
      requireStaff(actor);
      const before = decodeCursor(query.cursor, 2);
      const rows = await store.listSessions(db, actor.orgId, query, before, query.limit + 1);
      return toPage(rows, query.limit, toSession, (row) => encodeCursor(row.last_activity_at, row.id));
    },

    /** Which session's room this is, if the actor may enter it; for the rooms slice. Throws `not-found`. */
    async room(actor: Actor, roomId: string): Promise<{ sessionId: string }> {
      const row = await store.findSessionByRoom(db, actor.orgId, roomId);
      if (!row || !mayEnter(actor, row.id)) throw notFound();
      return { sessionId: row.id };
    },

    /**
     * Stores the message and, where the rung allows, begins the persona's reply in the same transaction. A repeated key
     * answers what the first call answered. Throws `session-ended`, `wrong-state`, `idempotency-mismatch`.
     */
    async post(actor: Actor, id: string, text: string, key: string | undefined): Promise<MessageAccepted> {
      const { orgId } = actor;
      const hash = hashOf(text);
      // Asked before the transaction: it must not wait for a second connection while it holds a lock.
      const engine = await chosenEngine(actor, id);
      return db.tx(async (tx) => {
        const row = await lock(tx, actor, id);
        const known = key === undefined ? undefined : await messages.findByKey(tx, orgId, id, key);
        if (known) {
          if (!known.hash.equals(hash)) throw new AppError('idempotency-mismatch');
          return { message: known.message, seq: known.message.seq, replyId: known.replyId };
        }
        if (row.status === 'ended') throw new AppError('session-ended');
        const author = authorOf(actor, row);
        const messageId = newId();
        const [latest] = author === 'client' ? await generations.list(orgId, id, null, 1, tx) : [];
        const answers =
          author === 'client' && row.status === 'active' && personaMayAnswer(rungOf(row)) && latest?.status !== 'running';
        const replyId = answers ? newId() : null;
        const events: EventDraft[] = [draft('message.created', 'all', asEventActor(actor), { messageId, author, text })];
        if (replyId) events.push(startedEvent(row, replyId, engine, messageId));
        const seq = await append(tx, orgId, row.room_id, events);
        const message = await messages.insertMessage(tx, orgId, id, {
          id: messageId,
          seq,
          author,
          text,
          idempotencyKey: key,
          idempotencyHash: key === undefined ? undefined : hash,
        });
        if (replyId) await beginReply(tx, orgId, row, { replyId, engine, replyTo: messageId, replaces: null });
        return { message, seq, replyId };
      });
    },

    /** Messages in order of seq; `before` null gives the newest. */
    async messages(actor: Actor, id: string, before: number | null, limit: number) {
      await enter(actor, id);
      const found: Message[] = await messages.listMessages(db, actor.orgId, id, before, limit + 1);
      const items = found.length > limit ? found.slice(1) : found;
      return { items, next: found.length > limit && items[0] ? encodeCursor(String(items[0].seq)) : null };
    },

    pause: (actor: Actor, id: string) =>
      change(actor, id, async (tx, row) => {
        if (row.status === 'paused') return null;
        tx.afterCommit(() => void stopRunning(actor.orgId, id));
        return {
          row: await store.setStatus(tx, actor.orgId, id, 'paused'),
          event: draft('session.paused', 'all', asEventActor(actor), {}),
        };
      }),

    async resume(actor: Actor, id: string): Promise<Session> {
      const session = await change(actor, id, async (tx, row) =>
        row.status === 'active'
          ? null
          : {
              row: await store.setStatus(tx, actor.orgId, id, 'active'),
              event: draft('session.resumed', 'all', asEventActor(actor), {}),
            },
      );
      await answerPending(actor.orgId, id);
      return session;
    },

    takeover: (actor: Actor, id: string) =>
      change(actor, id, async (tx, row) => {
        requireStaff(actor);
        if (row.taken_over_by === actor.userId) return null;
        tx.afterCommit(() => void stopRunning(actor.orgId, id));
        return {
          row: await store.setTakenOver(tx, actor.orgId, id, actor.userId),
          event: draft('session.taken-over', 'all', asEventActor(actor), {}),
        };
      }),

    async handback(actor: Actor, id: string): Promise<Session> {
      const session = await change(actor, id, async (tx, row) =>
        row.taken_over_by === null
          ? null
          : {
              row: await store.setTakenOver(tx, actor.orgId, id, null),
              event: draft('session.handed-back', 'all', asEventActor(actor), {}),
            },
      );
      await answerPending(actor.orgId, id);
      return session;
    },

    end: (actor: Actor, id: string) =>
      change(actor, id, async (tx) => {
        tx.afterCommit(() => void stopRunning(actor.orgId, id));
        return {
          row: await store.setStatus(tx, actor.orgId, id, 'ended'),
          event: draft('session.ended', 'all', asEventActor(actor), {}),
        };
      }),

    /** A private instruction to the persona; the client never learns of it. Throws `session-ended`. */
    async guide(actor: Actor, id: string, text: string): Promise<{ id: string; seq: number }> {
      requireStaff(actor);
      return db.tx(async (tx) => {
        const row = await lock(tx, actor, id);
        if (row.status === 'ended') throw new AppError('session-ended');
        const guidanceId = newId();
        const event = draft('guidance.given', 'staff', asEventActor(actor), { guidanceId, text });
        const seq = await append(tx, actor.orgId, row.room_id, [event]);
        await messages.insertGuidance(tx, actor.orgId, id, { id: guidanceId, seq, text, createdBy: actor.userId });
        return { id: guidanceId, seq };
      });
    },

    /** Stops a running reply; what was made of it stays. Throws `not-found`. */
    async stopReply(actor: Actor, id: string, replyId: string): Promise<void> {
      await enter(actor, id);
      const [latest] = await generations.list(actor.orgId, id, null, 1);
      if (latest?.id === replyId && latest.status === 'running') await generations.stop(actor.orgId, replyId);
      else if (!(await generations.exists(actor.orgId, id, replyId))) throw notFound();
    },

    /** Makes the last reply again: after an interruption, or because another is wanted. Throws `reply-running`, `wrong-state`. */
    async regenerate(actor: Actor, id: string): Promise<{ replyId: string }> {
      const { orgId } = actor;
      const engine = await chosenEngine(actor, id);
      return db.tx(async (tx) => {
        const row = await lock(tx, actor, id);
        if (row.status === 'ended') throw new AppError('session-ended');
        if (row.status === 'paused') throw new AppError('session-paused');
        if (!personaMayAnswer(rungOf(row))) throw new AppError('wrong-state', { detail: 'Hand the session back first.' });
        const [latest] = await generations.list(orgId, id, null, 1, tx);
        if (latest?.status === 'running') throw new AppError('reply-running');
        const [last] = await messages.listMessages(tx, orgId, id, null, 1);
        if (!last || last.author === 'staff' || (last.author === 'persona' && !last.replyId)) {
          throw new AppError('wrong-state', { detail: 'There is no reply to make again.' });
        }
        const replaces = last.author === 'persona' ? last.id : null;
        const replyTo = last.author === 'client' ? last.id : (latest?.replyTo ?? null);
        const replyId = newId();
        await beginReply(tx, orgId, row, { replyId, engine, replyTo, replaces });
        await append(tx, orgId, row.room_id, [startedEvent(row, replyId, engine, replyTo)]);
        return { replyId };
      });
    },

    /** What made each reply, what it used and how it ended; newest first. */
    async replies(actor: Actor, id: string, page: Page): Promise<{ items: Reply[]; next: string | null }> {
      requireStaff(actor);
      await enter(actor, id);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await generations.list(actor.orgId, id, before, page.limit + 1);
      const none = { inputTokens: null, outputTokens: null, cachedTokens: null };
      return toPage(
        rows,
        page.limit,
        (r) => ({
          id: r.id,
          status: r.status,
          engine: r.engine,
          usage: r.usage ?? none,
          costMicroUsd: r.costMicroUsd,
          firstTokenMs: r.firstTokenMs,
          durationMs: r.durationMs,
          fault: r.fault,
          startedAt: r.startedAt,
        }),
        (r) => encodeCursor(r.id),
      );
    },

    /** A client has accepted an invitation; runs in the transaction that accepts it. */
    async joined(tx: Tx, orgId: string, sessionId: string, alias: string | null): Promise<void> {
      const row = await store.setJoined(tx, orgId, sessionId, alias);
      if (!row) return;
      const actor = { kind: 'client' as const, id: null, name: alias };
      await append(tx, orgId, row.room_id, [draft('client.joined', 'staff', actor, { alias })]);
    },
  };
}
