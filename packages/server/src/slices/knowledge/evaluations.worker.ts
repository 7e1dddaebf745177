import type { Database } from '../../platform/db/db.ts';
import { draft } from '../../platform/events/store.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { depth, judge, summarise, type Found } from './evaluation.ts';
import * as store from './evaluations.store.ts';
import { server, type BaseLog } from './log.ts';
import type { createRetrieval } from './retrieval.ts';

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

/** Asks the questions of evaluations that wait, one evaluation after the other; all servers share the queue. */
export function createEvaluationWorker({ db, wake, node, log, rooms, retrieval }: Parts) {
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;
  let again = false;
  let working: Promise<void> | undefined;

  const ask = async (job: store.RunJob): Promise<Found[] | null> => {
    const source = await store.sourceOfRun(db.in(job.orgId), job);
    const results: Found[] = [];
    for (const [i, one] of (source?.questions ?? []).entries()) {
      if (stopping) return null;
      if (i % renewEvery === 0 && !(await store.renewRun(db.in(job.orgId), job, node, leaseSeconds))) return null;
      const asking = { query: one.question, limit: passages, explain: false };
      const bases = { ids: [source?.baseId ?? ''], reader: null };
      const { results: found } = await retrieval.search(job.orgId, bases, asking, null);
      results.push(
        judge(
          one,
          found.map(({ documentId }) => documentId),
        ),
      );
    }
    return results;
  };

  const end = async (job: store.RunJob, results: Found[] | null) =>
    db.in(job.orgId).tx(async (tx) => {
      const source = await store.sourceOfRun(tx, job);
      const ended = results
        ? await store.finishRun(tx, job, node, results, summarise(results))
        : await store.failRun(tx, job, node);
      if (!ended || !source) return;
      await store.dropOldRuns(tx, job.orgId, job.evaluationId);
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
