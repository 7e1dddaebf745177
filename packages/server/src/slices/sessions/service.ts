import { createRoom, draft, type EventDraft } from '../../platform/events/store.ts';
import type { ClientSession, Session, SessionCreate, SessionQuery } from '@rapport/protocol/sessions';
import type { AuditAct } from '@rapport/protocol/auditActs';
import type { Rung } from '@rapport/protocol/supervision';
import type { z } from 'zod';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { viewerOf } from '../clients/caseload.ts';
import type { QuestionnaireService } from '../clients/questionnaires.service.ts';
import type { ClientService } from '../clients/service.ts';
import type { ThreadService } from '../clients/threads.service.ts';
import type { ProviderService } from '../inference/providers.service.ts';
import type { PersonaService } from '../personas/service.ts';
import type { PackService } from '../supervision/packs.service.ts';
import type { ReviewService } from '../supervision/reviews.service.ts';
import { mayEnter, type SessionAccess } from './access.ts';
import type { ConversationService } from './conversation.service.ts';
import type { Remembering } from './remembering.ts';
import type { SessionSafety } from './safety.ts';
import * as messages from './messages.store.ts';
import type { SessionRow } from './schema.ts';
import * as store from './store.ts';
import { rungOf, toClientSession, toSession } from './session.ts';

export interface SessionParts {
  db: Database;
  access: SessionAccess;
  audit: Audit;
  conversations: ConversationService;
  safety: SessionSafety;
  personas: PersonaService;
  clients: ClientService;
  threads: Pick<ThreadService, 'keep'>;
  providers: ProviderService;
  reviews: ReviewService;
  packs: Pick<PackService, 'requireRung'>;
  remembering: Remembering;
  questionnaires: QuestionnaireService;
}

interface SessionOfRoom {
  sessionId: string;
  clientId: string | null;
  rung: Session['rung'];
  ended: boolean;
}

export type SessionService = ReturnType<typeof createSessionService>;

/** A session's life: started, paused, taken over, handed back, ended. */
export function createSessionService(parts: SessionParts) {
  const { db, audit, conversations, personas, clients, providers, reviews, safety } = parts;
  const { packs, remembering, questionnaires, threads } = parts;
  const { enter, lock, append } = parts.access;

  const change = async (
    actor: Actor,
    id: string,
    act: AuditAct & `session.${string}`,
    apply: (tx: Tx, row: SessionRow) => Promise<{ row: SessionRow; event: EventDraft } | null>,
  ): Promise<Session> => {
    requireStaff(actor);
    const row = await db.in(actor.orgId).tx(async (tx) => {
      const locked = await lock(tx, actor, id);
      if (locked.status === 'ended') throw new AppError('session-ended');
      const result = await apply(tx, locked);
      if (!result) return locked;
      audit.record(tx, actor, act, { session: id, client: locked.client_id });
      await append(tx, actor.orgId, locked.room_id, [result.event]);
      return result.row;
    });
    return toSession(row);
  };

  return {
    /** Pins the persona's published version. Throws `not-found`, `not-published`, `pack-forbids`, `invalid-body`. */
    async create(actor: Actor, body: z.output<typeof SessionCreate>): Promise<Session> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      // `auto` asks for nothing of its own.
      if (body.policy !== 'auto') await packs.requireRung(orgId, body.policy);
      const { version, spec } = await personas.publishedSpec(orgId, body.personaId);
      const client = body.clientId ? await clients.get(actor, body.clientId) : null;
      const engine = (await providers.engineFor(orgId, spec.model.providerId, spec.model.model)).name;
      const [id, roomId, openingId] = [newId(), newId(), newId()];
      const personaActor = { kind: 'persona' as const, id: body.personaId, name: spec.name };
      return audit.acting(actor, 'session.created', { session: id, client: client?.id ?? null }, async (tx) => {
        if (body.threadId) await threads.keep(tx, orgId, client?.id ?? null, body.threadId);
        await createRoom(tx, orgId, { id: roomId, kind: 'session', subjectId: client?.id ?? null });
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
          threadId: body.threadId ?? null,
          engine,
          createdBy: userId,
        });
        const events: EventDraft[] = [draft('session.created', 'staff', asEventActor(actor), { sessionId: id })];
        if (spec.openingLine) {
          events.push(
            draft('message.created', 'all', personaActor, {
              messageId: openingId,
              author: 'persona',
              text: spec.openingLine,
            }),
          );
        }
        const first = await append(tx, orgId, roomId, events);
        if (!spec.openingLine) return toSession(row);
        await messages.insertMessage(tx, orgId, id, {
          id: openingId,
          roomId,
          seq: first + 1,
          author: 'persona',
          text: spec.openingLine,
        });
        return toSession({ ...row, message_count: 1 });
      });
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Session> {
      requireStaff(actor);
      const row = await enter(actor, id);
      await audit.read(actor, 'session.read', { session: id, client: row.client_id });
      return toSession(row);
    },

    /** What the client's side may know. Throws `not-found`. */
    async clientView(actor: Actor, id: string): Promise<ClientSession> {
      const row = await enter(actor, id);
      const { asked } = questionnaires;
      return toClientSession(
        row,
        row.status === 'ended' ? null : await asked.newest(db.in(actor.orgId), actor.orgId, id),
      );
    },

    async list(actor: Actor, query: SessionQuery): Promise<{ items: Session[]; next: string | null }> {
      requireStaff(actor);
      const before = decodeCursor(query.cursor, 2);
      const rows = await store.listSessions(
        db.in(actor.orgId),
        actor.orgId,
        viewerOf(actor),
        query,
        before,
        query.limit + 1,
      );
      await audit.read(actor, 'session.listed', { session: rows.slice(0, query.limit).map(({ id }) => id) });
      return toPage(rows, query.limit, toSession, (row) => encodeCursor(row.last_activity_at, row.id));
    },

    /** Which session's room this is and who writes in it, if the actor may enter; for the rooms slice. Throws `not-found`. */
    async room(actor: Actor, roomId: string): Promise<SessionOfRoom> {
      const row = await store.findSessionByRoom(db.in(actor.orgId), actor.orgId, roomId, viewerOf(actor));
      if (!row || !mayEnter(actor, row.id)) throw notFound();
      return { sessionId: row.id, clientId: row.client_id, rung: rungOf(row), ended: row.status === 'ended' };
    },

    pause: (actor: Actor, id: string) =>
      change(actor, id, 'session.paused', async (tx, row) => {
        if (row.status === 'paused') return null;
        tx.afterCommit(() => conversations.stopSoon(actor.orgId, id));
        return {
          row: await store.setStatus(tx, actor.orgId, id, 'paused'),
          event: draft('session.paused', 'all', asEventActor(actor), {}),
        };
      }),

    async resume(actor: Actor, id: string): Promise<Session> {
      const session = await change(actor, id, 'session.resumed', async (tx, row) =>
        row.status === 'active'
          ? null
          : {
              row: await store.setStatus(tx, actor.orgId, id, 'active'),
              event: draft('session.resumed', 'all', asEventActor(actor), {}),
            },
      );
      await conversations.answerPending(actor.orgId, id);
      return session;
    },

    takeover: (actor: Actor, id: string) =>
      change(actor, id, 'session.taken-over', async (tx, row) => {
        requireStaff(actor);
        if (row.taken_over_by === actor.userId) return null;
        await reviews.discardOpen(tx, actor, actor.orgId, id);
        tx.afterCommit(() => conversations.stopSoon(actor.orgId, id));
        return {
          row: await store.setTakenOver(tx, actor.orgId, id, actor.userId),
          event: draft('session.taken-over', 'all', asEventActor(actor), {}),
        };
      }),

    async handback(actor: Actor, id: string): Promise<Session> {
      const session = await change(actor, id, 'session.handed-back', async (tx, row) => {
        if (row.taken_over_by === null && !row.escalated) return null;
        await safety.requireNoneOpen(tx, actor.orgId, id);
        return {
          row: await store.setTakenOver(tx, actor.orgId, id, null),
          event: draft('session.handed-back', 'all', asEventActor(actor), {}),
        };
      });
      await conversations.answerPending(actor.orgId, id);
      return session;
    },

    /** How this session is supervised; it takes effect on the reply that runs. Throws `not-found`, `session-ended`, `pack-forbids`. */
    setPolicy: (actor: Actor, id: string, policy: Rung) =>
      change(actor, id, 'session.policy-set', async (tx, row) => {
        await packs.requireRung(actor.orgId, policy, tx);
        if (row.policy === policy) return null;
        tx.afterCommit(() => conversations.obeyRung(actor.orgId, { sessionId: id }));
        const changed = await store.setPolicy(tx, actor.orgId, id, policy);
        const data = { policy, rung: rungOf(changed) };
        return { row: changed, event: draft('policy.changed', 'staff', asEventActor(actor), data) };
      }),

    /** How all sessions of a client are supervised was changed, in that transaction; those that are open are told. */
    async clientPolicySet(tx: Tx, actor: Actor, clientId: string, policy: Rung): Promise<void> {
      const { orgId } = actor;
      for (const row of await store.openSessionsOf(tx, orgId, clientId)) {
        const data = { policy, rung: rungOf(row) };
        await append(tx, orgId, row.room_id, [draft('policy.changed', 'staff', asEventActor(actor), data)]);
      }
      tx.afterCommit(() => conversations.obeyRung(orgId, { clientId }));
    },

    /** What the client said of themselves is proposed for remembering. Throws `not-found`, `session-ended`. */
    async end(actor: Actor, id: string): Promise<Session> {
      const memory = await remembering.begin(actor.orgId);
      return change(actor, id, 'session.ended', async (tx, row) => {
        requireStaff(actor);
        await reviews.discardOpen(tx, actor, actor.orgId, id);
        await memory.onEnd(tx, row);
        tx.afterCommit(() => conversations.stopSoon(actor.orgId, id));
        return {
          row: await store.setStatus(tx, actor.orgId, id, 'ended'),
          event: draft('session.ended', 'all', asEventActor(actor), {}),
        };
      });
    },

    /** Ends a session that is about to be erased, and the reply being made in it. */
    async close(orgId: string, id: string): Promise<void> {
      await db.in(orgId).tx(async (tx) => {
        const row = await store.lockSession(tx, orgId, id, null);
        if (!row || row.status === 'ended') return;
        await reviews.discardOpen(tx, null, orgId, id);
        await store.setStatus(tx, orgId, id, 'ended');
        await append(tx, orgId, row.room_id, [
          draft('session.ended', 'all', { kind: 'system', id: null, name: null }, {}),
        ]);
      });
      await conversations.stopRunning(orgId, id);
    },

    /** A client has accepted an invitation; runs in the transaction that accepts it. */
    async joined(tx: Tx, orgId: string, sessionId: string, alias: string | null): Promise<void> {
      const row = await store.setJoined(tx, orgId, sessionId, alias);
      if (!row) return;
      const actor = { kind: 'client' as const, id: null, name: alias };
      const disclosure = await safety.disclose(tx, orgId, row);
      await append(tx, orgId, row.room_id, [draft('client.joined', 'staff', actor, { alias }), disclosure]);
    },
  };
}
