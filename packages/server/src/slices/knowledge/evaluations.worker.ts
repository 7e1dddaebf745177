import type { EvaluationQuestion } from '@rapport/protocol/evaluations';
import type { Database } from '../../platform/db/db.ts';
import { draft } from '../../platform/events/store.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { compareVersions, depth, judge, summarise, type Found } from './evaluation.ts';
import * as store from './evaluations.store.ts';
import { server, type BaseLog } from './log.ts';
import type { Bases } from './readers.ts';
import type { createRetrieval } from './retrieval.ts';
import { dropOldTrials, lockTrial } from './trials.store.ts';

const topic = 'evaluations';
const leaseSeconds = 30;
const renewEvery = 20;
const lookMs = 3000;
const mostAttempts = 3;
/** Passages asked for, of which several may be of one document. */
const passages = depth * 5;

interface Parts {
  db: Database;
  wake: Wake;
  node: string;
  log: Logger;
  rooms: BaseLog;
  retrieval: ReturnType<typeof createRetrieval>;
}

const changesIn = ({ documentId }: store.RunJob, results: Found[]): { gained: number | null; lost: number | null } => {
  if (documentId === null) return { gained: null, lost: null };
  const { gained, lost } = compareVersions(results);
  return { gained, lost };
};

/** Asks the questions of evaluations that wait, one evaluation after the other; all servers share the queue. */
export function createEvaluationWorker({ db, wake, node, log, rooms, retrieval }: Parts) {
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let again = false;
  let working: Promise<void> | undefined;

  const askOne = async (orgId: string, bases: Bases, one: EvaluationQuestion): Promise<Found> => {
    const asking = { query: one.question, limit: passages, explain: false };
    const { results } = await retrieval.search(orgId, bases, asking, null);
    return judge(
      one,
      results.map(({ documentId }) => documentId),
    );
  };

  /** A version that waits is compared with the published one at the same moment, not with a run of another day. */
  const ask = async (job: store.RunJob): Promise<Found[] | null> => {
    const source = await store.sourceOfRun(db.in(job.orgId), job);
    const bases = { ids: [source?.baseId ?? ''], reader: null };
    const results: Found[] = [];
    for (const [i, one] of (source?.questions ?? []).entries()) {
      if (stopping) return null;
      if (i % renewEvery === 0 && !(await store.renewRun(db.in(job.orgId), job, node, leaseSeconds))) return null;
      const published = await askOne(job.orgId, bases, one);
      if (job.documentId === null) results.push(published);
      else results.push({ ...(await askOne(job.orgId, { ...bases, trial: job.documentId }, one)), published });
    }
    return results;
  };

  const end = async (job: store.RunJob, results: Found[] | null) =>
    db.in(job.orgId).tx(async (tx) => {
      const source = await store.sourceOfRun(tx, job);
      // Of a version that was published, replaced or deleted meanwhile it says nothing.
      if (!source || (job.documentId !== null && !(await lockTrial(tx, job)))) return;
      const ended = results
        ? await store.finishRun(tx, job, node, results, { ...summarise(results), ...changesIn(job, results) })
        : await store.failRun(tx, job, node);
      if (!ended) return;
      if (job.documentId === null) await store.dropOldRuns(tx, job.orgId, job.evaluationId);
      else await dropOldTrials(tx, job);
      const data = { evaluationId: job.evaluationId, runId: job.id };
      await rooms.append(tx, job.orgId, source.roomId, [draft('evaluation.ended', 'staff', server, data)]);
    });

  const work = async (job: store.RunJob): Promise<void> => {
    if (job.attempts > mostAttempts) return end(job, null);
    const results = await ask(job);
    // Left to the next server, or the next start, when its lease has ended.
    if (results) await end(job, results);
  };

  const run = async (): Promise<void> => {
    do {
      again = false;
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
