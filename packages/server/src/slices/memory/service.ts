import type {
  Memory,
  MemoryChange,
  MemoryCorrect,
  MemoryCreate,
  MemoryOrigin,
  MemoryPatch,
  MemoryPolicy,
  MemoryQuery,
  MemoryRevision,
} from '@rapport/protocol/memory';
import type { z } from 'zod';
import type { AuditAct } from '@rapport/protocol/auditActs';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { viewerOf } from '../privacy/schema.ts';
import { claimOf, mayContradict } from './contradictions.ts';
import { checkQuotes, checkReferences, type MemoryPlaces } from './evidence.ts';
import { policyOf } from './policy.ts';
import { putPolicy } from './policy.store.ts';
import { subjectOf, type MemorySubject, type NamedSubject, type State } from './schema.ts';
import * as store from './store.ts';

export type MemoryService = ReturnType<typeof createMemoryService>;

type Hint = NonNullable<Memory['mayContradict']>[number];

const mostCompared = 500;
const mostHints = 3;

type Act = AuditAct & `memory.${string}`;

export const headOf = ({ id, clientId, revision }: Memory) => ({ id, clientId, revision });

export const stateOf = (memory: Memory): State => ({
  status: memory.status,
  tags: memory.tags,
  sensitivity: memory.sensitivity,
  salience: memory.salience,
  validFrom: memory.validFrom,
  validTo: memory.validTo,
  approvedBy: memory.approvedBy,
  approvedAt: memory.approvedAt,
});

/** Throws `invalid-body`. */
function requireOrder({ validFrom, validTo }: Pick<State, 'validFrom' | 'validTo'>): void {
  if (validFrom && validTo && validTo <= validFrom)
    throw new AppError('invalid-body', {
      errors: [{ pointer: '/validTo', message: 'It ends after it begins.' }],
    });
}

/** What is remembered, as the team writes it, decides on it and reads it. */
export function createMemoryService({ db, audit }: { db: Database; audit: Audit }) {
  let attached: MemoryPlaces | undefined;
  const places = (): MemoryPlaces => {
    if (!attached) throw new Error('memories.attach was not called');
    return attached;
  };

  const requireSubject = async (actor: StaffActor, named: NamedSubject): Promise<MemorySubject> => {
    const subject = await store.findSubject(db.in(actor.orgId), actor.orgId, named, viewerOf(actor));
    if (!subject) throw notFound();
    return subject;
  };

  const find = async (actor: StaffActor, id: string): Promise<Memory> => {
    const memory = await store.findMemory(db.in(actor.orgId), actor.orgId, id, viewerOf(actor));
    if (!memory) throw notFound();
    return memory;
  };

  /** What is proposed, with what it may contradict of what holds and of what is proposed beside it. */
  const withHints = async (
    orgId: string,
    { kind, id, clientId }: MemorySubject,
    proposed: Memory[],
  ): Promise<Memory[]> => {
    if (proposed.length === 0) return proposed;
    const whose = clientId === null ? { kind, id } : { kind: 'client' as const, id: clientId };
    const wanted = { status: 'approved', before: null, limit: mostCompared };
    const all = [...proposed, ...(await store.listMemories(db.in(orgId), orgId, whose, wanted))];
    const others = all.map((memory) => ({ memory, claim: claimOf(memory.statement) }));
    const hintsFor = (of: (typeof others)[number]): Hint[] =>
      others
        .filter((one) => one !== of && of.claim && one.claim && mayContradict(of.claim, one.claim))
        .slice(0, mostHints)
        .map(({ memory: { id: at, statement } }) => ({ id: at, statement }));
    return others.slice(0, proposed.length).map((one) => ({ ...one.memory, mayContradict: hintsFor(one) }));
  };

  /** Changes what a memory is from now on; `next` gets it locked and may refuse. */
  const revise = async (
    actor: Actor,
    id: string,
    act: Act,
    change: MemoryChange,
    next: (memory: Memory, tx: Tx) => Partial<State> | Promise<Partial<State>>,
  ): Promise<Memory> => {
    requireStaff(actor);
    const { orgId, userId } = actor;
    return db.in(orgId).tx(async (tx) => {
      const memory = await store.lockMemory(tx, orgId, id, viewerOf(actor));
      if (!memory) throw notFound();
      const state = { ...stateOf(memory), ...(await next(memory, tx)) };
      requireOrder(state);
      audit.record(tx, actor, act, { memory: id, client: memory.clientId });
      await store.revise(tx, orgId, headOf(memory), change, state, { kind: 'staff', userId });
      return (await store.findMemory(tx, orgId, id, null)) ?? memory;
    });
  };

  const requireStatus = (memory: Memory, ...wanted: Memory['status'][]): void => {
    if (!wanted.includes(memory.status))
      throw new AppError('wrong-state', { detail: 'Somebody has decided on this memory already. Reload.' });
  };

  /** Throws `invalid-body`; `wrong-state` for what was decided on: what it was about then stands in the record. */
  const move = async (tx: Tx, orgId: string, memory: Memory, threadId: string | null): Promise<void> => {
    requireStatus(memory, 'proposed');
    const { clientId, id } = memory;
    const kept = threadId === null || (await store.keepSubject(tx, orgId, { kind: 'thread', id: threadId, clientId }));
    if (clientId === null || !kept)
      throw new AppError('invalid-body', {
        errors: [{ pointer: '/threadId', message: 'Its client has no such thread.' }],
      });
    await store.moveMemory(tx, orgId, id, threadId);
  };

  const decide = (actor: Actor, id: string, approved: boolean): Promise<Memory> =>
    revise(
      actor,
      id,
      approved ? 'memory.approved' : 'memory.rejected',
      approved ? 'approved' : 'rejected',
      (memory) => {
        requireStaff(actor);
        requireStatus(memory, 'proposed');
        if (!approved) return { status: 'retired' };
        return { status: 'approved', approvedBy: actor.userId, approvedAt: new Date().toISOString() };
      },
    );

  const written = (actor: StaffActor): Pick<State, 'status' | 'approvedBy' | 'approvedAt'> => ({
    status: 'approved',
    approvedBy: actor.userId,
    approvedAt: new Date().toISOString(),
  });

  return {
    attach(next: MemoryPlaces): void {
      attached = next;
    },
    places,

    /** Newest first; with `at` as they stood at that instant. Throws `not-found`. */
    async list(
      actor: Actor,
      subject: NamedSubject,
      query: z.output<typeof MemoryQuery>,
    ): Promise<{ items: Memory[]; next: string | null }> {
      requireStaff(actor);
      const found = await requireSubject(actor, subject);
      await audit.read(actor, 'memory.read', { [subject.kind]: subject.id });
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const { status, at, limit } = query;
      const rows = await store.listMemories(db.in(actor.orgId), actor.orgId, subject, {
        status,
        at,
        before,
        limit: limit + 1,
      });
      const page = toPage(
        rows,
        limit,
        (memory) => memory,
        ({ id }) => encodeCursor(id),
      );
      if (status !== 'proposed' || at !== undefined) return page;
      return { ...page, items: await withHints(actor.orgId, found, page.items) };
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Memory> {
      requireStaff(actor);
      const memory = await find(actor, id);
      await audit.read(actor, 'memory.read', { memory: id, client: memory.clientId });
      return memory;
    },

    /** Every revision, the newest first. Throws `not-found`. */
    async history(actor: Actor, id: string): Promise<MemoryRevision[]> {
      await this.get(actor, id);
      return store.historyOf(db.in(actor.orgId), actor.orgId, id);
    },

    /** What whoever may approve writes holds at once. Throws `not-found`, and `invalid-body` for a quote nobody said. */
    async create(actor: Actor, named: NamedSubject, body: z.output<typeof MemoryCreate>): Promise<Memory> {
      requireStaff(actor);
      const subject = await requireSubject(actor, named);
      const { orgId, userId } = actor;
      const { statement, origin, evidence, references, tags, sensitivity, salience } = body;
      const state: State = {
        ...written(actor),
        tags,
        sensitivity,
        salience,
        validFrom: body.validFrom ?? null,
        validTo: body.validTo ?? null,
      };
      requireOrder(state);
      const id = newId();
      return audit.acting(actor, 'memory.written', { memory: id, client: subject.clientId }, async (tx) => {
        if (!(await store.keepSubject(tx, orgId, subject))) throw notFound();
        const checked = await checkQuotes(places(), tx, orgId, subject, evidence);
        await checkReferences(places(), actor, tx, subject, references);
        requireOwnWords(origin, statement, checked);
        const made = { id, subject, statement, origin, references, evidence: checked };
        await store.insertMemory(tx, orgId, made, 'written', state, { kind: 'staff', userId });
        const memory = await store.findMemory(tx, orgId, id, null);
        if (!memory) throw notFound();
        return memory;
      });
    },

    /** Throws `not-found`, `wrong-state` where somebody decided before. */
    approve: (actor: Actor, id: string) => decide(actor, id, true),
    reject: (actor: Actor, id: string) => decide(actor, id, false),

    /** It is recalled no more, and stays for the record. Throws `not-found`, `wrong-state`. */
    retire: (actor: Actor, id: string) =>
      revise(actor, id, 'memory.retired', 'retired', (memory) => {
        requireStatus(memory, 'proposed', 'approved');
        return { status: 'retired' };
      }),

    /** Throws `not-found`, `wrong-state`, `invalid-body`. */
    patch: (actor: Actor, id: string, body: z.output<typeof MemoryPatch>) =>
      revise(actor, id, 'memory.changed', 'changed', async (memory, tx) => {
        requireStatus(memory, 'proposed', 'approved');
        const { threadId, ...state } = body;
        if (threadId !== undefined) await move(tx, actor.orgId, memory, threadId);
        return Object.fromEntries(Object.entries(state).filter(([, value]) => value !== undefined));
      }),

    /** Another statement in its place, which holds at once. Returns the new memory. Throws as `create`, and `wrong-state`. */
    async correct(actor: Actor, id: string, body: z.output<typeof MemoryCorrect>): Promise<Memory> {
      const next = newId();
      const old = await revise(actor, id, 'memory.corrected', 'superseded', async (memory, tx) => {
        requireStaff(actor);
        requireStatus(memory, 'proposed', 'approved');
        const { orgId, userId } = actor;
        const subject = subjectOf(memory);
        const evidence = await checkQuotes(places(), tx, orgId, subject, body.evidence);
        const made = { id: next, subject, statement: body.statement, origin: 'staff', evidence } as const;
        const references = [{ kind: 'memory', id, relation: 'supersedes' } as const];
        const state = { ...stateOf(memory), ...written(actor) };
        await store.insertMemory(tx, orgId, { ...made, references }, 'written', state, { kind: 'staff', userId });
        return { status: 'superseded' };
      });
      return (await store.findMemory(db.in(actor.orgId), actor.orgId, next, null)) ?? old;
    },

    policy(actor: Actor): Promise<MemoryPolicy> {
      requireStaff(actor);
      return policyOf(db.in(actor.orgId), actor.orgId);
    },

    async putPolicy(actor: Actor, policy: MemoryPolicy): Promise<MemoryPolicy> {
      requireStaff(actor);
      await audit.acting(actor, 'memory.policy-changed', {}, (tx) => putPolicy(tx, actor.orgId, policy, actor.userId));
      return policy;
    },
  };
}

/** Throws `invalid-body`: nobody puts words into a client's mouth. */
function requireOwnWords(origin: MemoryOrigin, statement: string, evidence: { author: string; quote: string }[]): void {
  if (origin === 'client' && !evidence.some((one) => one.author === 'client' && one.quote === statement))
    throw new AppError('invalid-body', {
      errors: [{ pointer: '/origin', message: 'Quote the message in which the client said exactly this.' }],
    });
}
