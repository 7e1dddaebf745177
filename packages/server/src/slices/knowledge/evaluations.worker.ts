import type { EvaluationQuestion } from '@rapport/protocol/evaluations';
import type { EmbeddingReport } from '@rapport/protocol/knowledge';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { draft } from '../../platform/events/store.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { compareVersions, depth, judge, summarise, type Found } from './evaluation.ts';
import * as store from './evaluations.store.ts';
import { server, type BaseLog } from './log.ts';
import { organisationsWaiting, queueOverdue } from './overdue.store.ts';
import type { Bases } from './readers.ts';
import type { createRetrieval, Meaning } from './retrieval.ts';
import { dropOldTrials, dropTrial, lockTrial, nothingLost } from './trials.store.ts';
import type { Embedders } from './vectors/worker.ts';
import { publishIn } from './versions.service.ts';

const topic = 'evaluations';
const leaseSeconds = 30;
const lookMs = 3000;
const overdueMs = 60_000;
const mostAttempts = 3;
const organisation = { personaId: null, userId: null };
/** Passages asked for, of which several may be of one document. */
const passages = depth * 5;

interface Parts {
  db: Database;
  audit: Audit;
  embedders: Embedders;
  wake: Wake;
  node: string;
  log: Logger;
  rooms: BaseLog;
  retrieval: ReturnType<typeof createRetrieval>;
}

/** Why a search went without meaning though it would have it a moment later. */
const passing = new Set<EmbeddingReport['reason']>(['budget-spent', 'failed', 'loading', 'no-vectors']);

interface Asked {
  results: Found[];
  /** Whether meaning took part wherever it does for people. */
  whole: boolean;
}

/** That nothing was lost is not said of what words alone found where meaning counts, too. */
const changesIn = (
  { documentId }: store.RunJob,
  { results, whole }: Asked,
): { gained: number | null; lost: number | null } => {
  if (documentId === null) return { gained: null, lost: null };
  const { gained, lost } = compareVersions(results);
  return { gained, lost: lost === 0 && !whole ? null : lost };
};

/** Asks the questions of evaluations that wait, one evaluation after the other; all servers share the queue. */
export function createEvaluationWorker(parts: Parts) {
  const { db, audit, wake, node, log, rooms, retrieval, embedders } = parts;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let again = false;
  let lookForOverdueAt = 0;
  let working: Promise<void> | undefined;

  const askOne = async (orgId: string, bases: Bases, one: EvaluationQuestion, meaning: Meaning) => {
    const asking = { query: one.question, limit: passages, explain: false };
    const { results, embeddings } = await retrieval.search(orgId, bases, asking, null, meaning);
    const documents = results.map(({ documentId }) => documentId);
    return { found: judge(one, documents), whole: !passing.has(embeddings.reason) };
  };

  /** A version that waits is compared with the published one at the same moment, not with a run of another day. */
  const ask = async (job: store.RunJob): Promise<Asked | null> => {
    const source = await store.sourceOfRun(db.in(job.orgId), job);
    const bases = { ids: [source?.baseId ?? ''], reader: null };
    const asked: Asked = { results: [], whole: true };
    for (const one of source?.questions ?? []) {
      if (stopping) return null;
      // Before each: one that waits for models, and is asked of both versions, takes a good part of the lease.
      if (!(await store.renewRun(db.in(job.orgId), job, node, leaseSeconds))) return null;
      const meaning = retrieval.meaningOf(job.orgId, { questions: [one.question], inFull: null }, organisation);
      const published = await askOne(job.orgId, bases, one, meaning);
      const trial = job.documentId && (await askOne(job.orgId, { ...bases, trial: job.documentId }, one, meaning));
      asked.results.push(trial ? { ...trial.found, published: published.found } : published.found);
      asked.whole &&= published.whole && (!trial || trial.whole);
    }
    return asked;
  };

  const publishByItself = async (tx: Tx, job: store.RunJob, of: { baseId: string; roomId: string; title: string }) => {
    const { orgId, documentId, version } = job;
    if (documentId === null || version === null) return;
    if (!(await publishIn(tx, orgId, rooms, { ...of, documentId, version, by: server }))) return;
    audit.record(tx, { kind: 'system', orgId }, 'knowledge.changed', {
      'knowledge-base': of.baseId,
      document: documentId,
    });
  };

  /** In which vectors are made. */
  const spaceOf = async (orgId: string): Promise<string | null> => {
    const embedder = await embedders.embedderFor(orgId);
    return embedder?.approved ? embedder.space : null;
  };

  const end = async (job: store.RunJob, asked: Asked | null) => {
    const space = job.documentId === null ? null : await spaceOf(job.orgId);
    return db.in(job.orgId).tx(async (tx) => {
      const source = await store.sourceOfRun(tx, job);
      if (!source) return;
      const trial = job.documentId === null ? undefined : await lockTrial(tx, job);
      if (job.documentId !== null && !trial) return void (await dropTrial(tx, job));
      const ended = asked
        ? await store.finishRun(tx, job, node, asked.results, {
            ...summarise(asked.results),
            ...changesIn(job, asked),
          })
        : await store.failRun(tx, job, node);
      if (!ended) return;
      if (job.documentId === null) await store.dropOldRuns(tx, job.orgId, job.evaluationId);
      else await dropOldTrials(tx, job);
      if (trial?.unlessLost && (await nothingLost(tx, job, space)))
        await publishByItself(tx, job, { ...source, ...trial });
      // Last, as with everybody who changes a base: its room is locked after the queue of its evaluations.
      const data = { evaluationId: job.evaluationId, runId: job.id };
      await rooms.append(tx, job.orgId, source.roomId, [draft('evaluation.ended', 'staff', server, data)]);
    });
  };

  const work = async (job: store.RunJob): Promise<void> => {
    if (job.attempts > mostAttempts) return end(job, null);
    const asked = await ask(job);
    // Left to the next server, or the next start, when its lease has ended.
    if (asked) await end(job, asked);
  };

  const queueAllOverdue = async (): Promise<void> => {
    if (Date.now() < lookForOverdueAt) return;
    lookForOverdueAt = Date.now() + overdueMs;
    for (const orgId of await organisationsWaiting(db.everywhere)) {
      const space = await spaceOf(orgId);
      await db.in(orgId).tx((tx) => queueOverdue(tx, orgId, space));
    }
  };

  const run = async (): Promise<void> => {
    do {
      again = false;
      await queueAllOverdue().catch((error: Error) => log.warn({ err: error.message }, 'versions go on waiting'));
      for (let job = await store.claimRun(db.everywhere, node, leaseSeconds); job && !stopping;) {
        await work(job).catch((error: Error) => log.warn({ err: error.message }, 'an evaluation is tried again'));
        job = await store.claimRun(db.everywhere, node, leaseSeconds);
      }
    } while (again && !stopping);
  };

  const look = (): void => {
    again = true;
    if (stopping) return;
    working ??= run()
      .catch((error: Error) => log.debug({ err: error.message }, 'the queue of evaluations was not looked at'))
      .finally(() => (working = undefined));
  };

  wake.on((name) => {
    if (name === topic) look();
  });

  return {
    /** Something was put into the queue. */
    queued(): void {
      look();
      wake.send(topic, Date.now());
    },
    start(): void {
      timer = setInterval(look, lookMs);
      look();
    },
    async stop(): Promise<void> {
      stopping = true;
      clearInterval(timer);
      await working;
    },
  };
}
