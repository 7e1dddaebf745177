import type { AuditAct, AuditSubject, SubjectsOf } from '@rapport/protocol/auditActs';
import type { Permission } from '@rapport/protocol/permissions';
import type { Actor, ClientActor, StaffActor } from '../actor.ts';
import type { Clock } from '../clock.ts';
import type { Database, Tx } from '../db/db.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { hashOf, origin, type AuditActor, type AuditFact, type AuditOutcome, type Subject } from './chain.ts';
import * as store from './store.ts';

/** Somebody signed in, or of an organisation without being signed in: the server itself, a stranger at the door. */
export type Recorded =
  | Pick<StaffActor, 'kind' | 'orgId' | 'userId' | 'keyId'>
  | Pick<ClientActor, 'kind' | 'orgId' | 'tokenId'>
  | { kind: 'system' | 'nobody'; orgId: string };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const keptReads = 100_000;

const nameActor = (actor: Recorded): AuditActor => {
  switch (actor.kind) {
    case 'staff':
      return { kind: 'staff', id: actor.userId, key: actor.keyId };
    case 'client':
      return { kind: 'client', id: actor.tokenId, key: null };
    default:
      return { kind: actor.kind, id: null, key: null };
  }
};

/** Throws for anything that is not an id: no text gets into the log, whatever a caller's types were told. */
function subjectsOf(subjects: Partial<Record<AuditSubject, string | readonly string[] | null>>): Subject[] {
  const all: Subject[] = [];
  for (const [kind, ids] of Object.entries(subjects) as [AuditSubject, string | readonly string[] | null][]) {
    for (const id of ids === null ? [] : typeof ids === 'string' ? [ids] : ids) {
      if (!uuid.test(id)) throw new Error(`an audit entry names a ${kind} by its id`);
      all.push({ kind, id });
    }
  }
  return all;
}

function factOf<A extends AuditAct>(
  actor: Recorded,
  act: A,
  subjects: SubjectsOf<A>,
  outcome: AuditOutcome,
): AuditFact {
  return { actor: nameActor(actor), act, subjects: subjectsOf(subjects), outcome };
}

interface Waiting {
  facts: AuditFact[];
  settled: Promise<void>;
}

interface Deps {
  db: Database;
  clock: Clock;
  log: Logger;
  /** Throws where acts are to be refused for want of a place that checkpoints can be shipped to. */
  requireSink(): void;
}

/** How entries get into the log. The log is a chain, so an organisation's entries are appended one transaction at a time. */
export function createRecorder({ db, clock, log, requireSink }: Deps) {
  const inTx = new WeakMap<Tx, Map<string, AuditFact[]>>();
  const queues = new Map<string, Waiting>();
  const running = new Map<string, Promise<void>>();
  const reads = new Map<string, Promise<void>>();
  let minute = 0;

  /** Last in its transaction: the lock is held for one more round trip, and no other lock is waited for under it. */
  const append = async (tx: Tx, orgId: string, facts: readonly AuditFact[]): Promise<void> => {
    const [, head] = await Promise.all([store.lockLog(tx, orgId), store.findHead(tx, orgId)]);
    let { seq, hash } = head ?? { seq: 0, hash: origin };
    const at = new Date(clock.now()).toISOString();
    const entries = facts.map((fact) => {
      const entry = { ...fact, seq: (seq += 1), at, prev: hash };
      hash = hashOf(orgId, entry);
      return { ...entry, hash };
    });
    await store.insertEntries(tx, orgId, entries);
  };

  const refusing = async (work: () => Promise<void>): Promise<void> => {
    try {
      requireSink();
      await work();
    } catch (error) {
      if (error instanceof AppError) throw error;
      log.error({ err: (error as Error).message }, 'the audit log cannot be written; what it would record is refused');
      throw new AppError('audit-unavailable');
    }
  };

  const drain = async (orgId: string): Promise<void> => {
    await running.get(orgId)?.catch(() => {});
    const batch = queues.get(orgId);
    queues.delete(orgId);
    if (batch) await refusing(() => db.in(orgId).tx((tx) => append(tx, orgId, batch.facts)));
  };

  /** Facts that come while others of the organisation are being written go together in the next transaction. */
  const enqueue = (orgId: string, facts: readonly AuditFact[]): Promise<void> => {
    const waiting = queues.get(orgId);
    if (waiting) {
      waiting.facts.push(...facts);
      return waiting.settled;
    }
    const batch: Waiting = { facts: [...facts], settled: Promise.resolve() };
    queues.set(orgId, batch);
    const settled = drain(orgId);
    batch.settled = settled;
    running.set(orgId, settled);
    const forget = () => {
      if (running.get(orgId) === settled) running.delete(orgId);
    };
    settled.then(forget, forget);
    return settled;
  };

  const forgetLastMinute = () => {
    const now = Math.floor(clock.now() / 60_000);
    if (now !== minute || reads.size > keptReads) reads.clear();
    minute = now;
  };

  /** One entry a minute for what is read again; while that entry is being written, the second reader waits for it too. */
  const once = (key: string, write: () => Promise<void>): Promise<void> => {
    const known = reads.get(key);
    if (known) return known;
    const written = write();
    reads.set(key, written);
    written.catch(() => reads.get(key) === written && reads.delete(key));
    return written;
  };

  const record = <A extends AuditAct>(
    tx: Tx,
    actor: Recorded,
    act: A,
    subjects: SubjectsOf<A>,
    outcome: AuditOutcome = 'done',
  ): void => {
    const fact = factOf(actor, act, subjects, outcome);
    const pending = inTx.get(tx) ?? new Map<string, AuditFact[]>();
    if (!inTx.has(tx)) {
      inTx.set(tx, pending);
      tx.beforeCommit(() =>
        refusing(async () => {
          // By id, so that two transactions that write to the same two logs cannot wait for each other.
          for (const orgId of [...pending.keys()].sort()) await append(tx, orgId, pending.get(orgId) ?? []);
        }),
      );
    }
    pending.set(actor.orgId, [...(pending.get(actor.orgId) ?? []), fact]);
  };

  return {
    /**
     * Puts an act into the log, in the transaction of the act: both are committed, or neither. The entry is written just
     * before the commit. There it throws `audit-unavailable` where the log cannot be written, and the act is undone.
     */
    record,

    /** Carries an act out in a transaction of its own that records it. Throws `audit-unavailable`. */
    acting: <A extends AuditAct, T>(
      actor: Recorded,
      act: A,
      subjects: SubjectsOf<A>,
      work: (tx: Tx) => Promise<T>,
    ): Promise<T> =>
      db.in(actor.orgId).tx((tx) => {
        record(tx, actor, act, subjects);
        return work(tx);
      }),

    /** What stands for itself, e.g. a refusal: written when the promise is fulfilled. Throws `audit-unavailable`. */
    note: <A extends AuditAct>(
      actor: Recorded,
      act: A,
      subjects: SubjectsOf<A>,
      outcome: AuditOutcome = 'done',
    ): Promise<void> => enqueue(actor.orgId, [factOf(actor, act, subjects, outcome)]),

    /**
     * A member of staff lacks a permission; null: they were refused for another reason. The same actor and permission make
     * one entry a minute on each server. Throws `audit-unavailable`.
     */
    async refused(actor: StaffActor, permission: Permission | null): Promise<void> {
      forgetLastMinute();
      const { orgId, userId, keyId } = actor;
      const outcome = permission === null ? 'forbidden' : (`needs-${permission.replaceAll('.', '-')}` as const);
      const fact = factOf(actor, 'access.refused', {}, outcome);
      await once([orgId, userId, keyId, fact.outcome].join(' '), () => enqueue(orgId, [fact]));
    },

    /**
     * A member of staff reads a record: wait for it before the record is shown. The same actor, act and record make one
     * entry a minute on each server; a client's reading of their own session makes none. Where an act lists records, each
     * counts by itself, and those not seen within the minute make one entry together. Throws `audit-unavailable`.
     */
    async read<A extends AuditAct>(actor: Actor, act: A, subjects: SubjectsOf<A>): Promise<void> {
      if (actor.kind !== 'staff') return;
      forgetLastMinute();
      const { orgId } = actor;
      const fact = factOf(actor, act, subjects, 'done');
      const name = (ids: readonly Subject[]) => [orgId, actor.userId, act, ...ids.map(({ id }) => id)].join(' ');
      if (!act.endsWith('.listed')) return once(name(fact.subjects), () => enqueue(orgId, [fact]));
      const fresh = fact.subjects.filter((subject) => !reads.has(name([subject])));
      const written = fresh.length > 0 ? enqueue(orgId, [{ ...fact, subjects: fresh }]) : Promise.resolve();
      await Promise.all([written, ...fact.subjects.map((subject) => once(name([subject]), () => written))]);
    },
  };
}
