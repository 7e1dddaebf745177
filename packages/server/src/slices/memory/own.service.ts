import type { Memory, OwnMemory } from '@rapport/protocol/memory';
import type { Actor, ClientActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { MemoryPlaces } from './evidence.ts';
import { sensitivityOf } from './lift.ts';
import { policyOf } from './policy.ts';
import { headOf, stateOf } from './service.ts';
import { subjectOf } from './schema.ts';
import * as store from './store.ts';

export type OwnMemoryService = ReturnType<typeof createOwnMemoryService>;

const mostShown = 200;

/** Where a client is, and which thread is continued there. */
interface Place {
  sessionId: string;
  threadId: string | null;
}

/**
 * What a client's link shows them: what the persona may tell whoever holds the link anyway, what is proposed from this
 * conversation, and what they wrote here. Quotes of other conversations stay closed, as everything of them does.
 */
const isOpenTo = (at: Place, { subject, status, sensitivity, origin, evidence }: Memory): boolean => {
  if (status !== 'approved' && status !== 'proposed') return false;
  const { sessionId, threadId } = at;
  // Another line of work is told nowhere else.
  if (subject.kind === 'thread' && subject.id !== threadId) return evidence.some((one) => one.sessionId === sessionId);
  const writtenHere = origin === 'client' && evidence.length === 0;
  if (writtenHere || evidence.some((one) => one.sessionId === sessionId)) return true;
  return status === 'approved' && sensitivity === 'normal';
};

const toOwn = (sessionId: string, memory: Memory): OwnMemory => ({
  id: memory.id,
  statement: memory.statement,
  status: memory.status === 'approved' ? 'approved' : 'proposed',
  origin: memory.origin,
  quotes: memory.evidence.filter((one) => one.sessionId === sessionId).map(({ quote }) => quote),
  changedAt: memory.changedAt,
});

/** What clients see of what is remembered about them, and what they do about it. */
export function createOwnMemoryService(parts: {
  db: Database;
  audit: Audit;
  places(): MemoryPlaces;
  /** Whom a legal hold keeps. */
  heldSubjects(db: Db, orgId: string): Promise<{ clients: string[] }>;
}) {
  const { db, audit, places } = parts;

  /** Throws `not-found` for staff, and where nobody is on record: then nothing is remembered. */
  const own = async (actor: Actor): Promise<{ actor: ClientActor; clientId: string; at: Place }> => {
    if (actor.kind !== 'client') throw notFound();
    const { clientId, threadId } = await places().enter(actor, actor.sessionId);
    if (clientId === null) throw notFound();
    return { actor, clientId, at: { sessionId: actor.sessionId, threadId } };
  };

  const change = async <T>(
    given: Actor,
    id: string,
    act: 'memory.corrected' | 'memory.deleted',
    work: (tx: Tx, memory: Memory) => Promise<T>,
  ): Promise<T> => {
    const { actor, clientId, at } = await own(given);
    return db.in(actor.orgId).tx(async (tx) => {
      const memory = await store.lockMemory(tx, actor.orgId, id, null);
      if (memory?.clientId !== clientId || !isOpenTo(at, memory)) throw notFound();
      audit.record(tx, actor, act, { memory: id, client: clientId });
      return work(tx, memory);
    });
  };

  const list = async (given: Actor): Promise<OwnMemory[]> => {
    if (given.kind !== 'client') throw notFound();
    const { clientId, threadId } = await places().enter(given, given.sessionId);
    if (clientId === null) return [];
    const { sessionId } = given;
    const subject = { kind: 'client', id: clientId } as const;
    const rows = await store.listMemories(db.in(given.orgId), given.orgId, subject, { before: null, limit: 1000 });
    return rows
      .filter((memory) => isOpenTo({ sessionId, threadId }, memory))
      .slice(0, mostShown)
      .map((memory) => toOwn(sessionId, memory));
  };

  return {
    list,

    /** What stood there is recalled no more; the client's own words wait for approval, unless the policy takes them as they are. */
    async correct(actor: Actor, id: string, statement: string): Promise<OwnMemory[]> {
      await change(actor, id, 'memory.corrected', async (tx, memory) => {
        const { orgId } = actor;
        const client = { kind: 'client', userId: null } as const;
        const sensitivity = sensitivityOf(statement);
        const { autoApprove } = await policyOf(tx, orgId);
        const holds = autoApprove && sensitivity === 'normal' && memory.sensitivity === 'normal';
        const references = [{ kind: 'memory', id, relation: 'supersedes' } as const];
        // Written here and nowhere said, so there is nothing to quote.
        const made = { id: newId(), subject: subjectOf(memory), statement, origin: 'client', references } as const;
        const state = {
          ...stateOf(memory),
          status: holds ? ('approved' as const) : ('proposed' as const),
          sensitivity: memory.sensitivity === 'sensitive' ? memory.sensitivity : sensitivity,
          approvedBy: null,
          approvedAt: holds ? new Date().toISOString() : null,
        };
        const change = holds ? 'approved' : 'proposed';
        await store.insertMemory(tx, orgId, { ...made, evidence: [] }, change, state, client);
        await store.revise(
          tx,
          orgId,
          headOf(memory),
          'superseded',
          { ...stateOf(memory), status: 'superseded' },
          client,
        );
      });
      return list(actor);
    },

    /** For good, with its history; under a legal hold it is retired and nothing more. Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<OwnMemory[]> {
      const { orgId } = actor;
      await change(actor, id, 'memory.deleted', async (tx, memory) => {
        const { clients } = await parts.heldSubjects(tx, orgId);
        if (!clients.includes(memory.clientId ?? '')) return void (await store.deleteMemory(tx, orgId, memory.id));
        const state = { ...stateOf(memory), status: 'retired' as const };
        await store.revise(tx, orgId, headOf(memory), 'retired', state, { kind: 'client', userId: null });
      });
      return list(actor);
    },
  };
}
