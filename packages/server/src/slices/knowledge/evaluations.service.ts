import type { Page } from '@rapport/protocol/common';
import type {
  Evaluation,
  EvaluationCreate,
  EvaluationReplace,
  EvaluationRun,
  EvaluationRunDetail,
} from '@rapport/protocol/evaluations';
import type { Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { BaseService } from './bases.service.ts';
import { existing } from './documents.store.ts';
import { compare } from './evaluation.ts';
import * as store from './evaluations.store.ts';
import { queueTrials } from './trials.store.ts';

interface Parts {
  db: Database;
  audit: Audit;
  bases: BaseService;
  onQueued(): void;
}

/** Puts the evaluations of a base into the queue, in the transaction of what changed. */
export type QueueEvaluations = (
  tx: Tx,
  orgId: string,
  of: store.Queued,
  cause: EvaluationRun['cause'],
) => Promise<void>;

export type EvaluationService = ReturnType<typeof createEvaluationService>;

/** Saved questions with the documents that should answer them, asked again whenever the base changes. */
export function createEvaluationService({ db, audit, bases, onQueued }: Parts) {
  const queue: QueueEvaluations = async (tx, orgId, of, cause) => {
    if ((await store.queueRuns(tx, orgId, of, cause)) > 0) tx.afterCommit(onQueued);
    await queueTrials(tx, orgId, of);
  };

  const require = async (actor: Actor, baseId: string, id: string) => {
    await bases.require(actor, baseId);
    const found = await store.findEvaluation(db.in(actor.orgId), actor.orgId, baseId, id);
    if (!found) throw notFound();
    return found;
  };

  /** Throws `invalid-body` for a document that is not of this base. */
  const check = async (tx: Tx, actor: Actor, baseId: string, { questions }: EvaluationCreate) => {
    const ids = [...new Set(questions.flatMap(({ documentIds }) => documentIds))];
    if ((await existing(tx, actor.orgId, baseId, ids)).length < ids.length)
      throw new AppError('invalid-body', {
        errors: [{ pointer: '/questions', message: 'A document is not in this knowledge base.' }],
      });
  };

  const withRun = async (tx: Tx, actor: Actor, baseId: string, id: string): Promise<Evaluation> => {
    const found = await store.findEvaluation(tx, actor.orgId, baseId, id);
    if (!found) throw notFound();
    const [lastRun = null] = await store.listRuns(tx, actor.orgId, id, null, 1);
    return { ...found, lastRun };
  };

  return {
    queue,

    /** Only those with the version of this document that begins to wait: what is published is as it was. */
    async queueTrials(tx: Tx, orgId: string, roomId: string, documentId: string): Promise<void> {
      if ((await queueTrials(tx, orgId, { roomId }, documentId)) > 0) tx.afterCommit(onQueued);
    },

    /** Newest first. Throws `not-found`. */
    async list(actor: Actor, baseId: string, page: Page) {
      await bases.require(actor, baseId);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listEvaluations(db.in(actor.orgId), actor.orgId, baseId, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (one) => one,
        (one) => encodeCursor(one.id),
      );
    },

    /** Its first run waits in the queue when this returns. Throws `not-found`, `invalid-body`. */
    async create(actor: Actor, baseId: string, body: EvaluationCreate): Promise<Evaluation> {
      await bases.require(actor, baseId);
      const id = newId();
      return audit.acting(actor, 'knowledge.changed', { 'knowledge-base': baseId }, async (tx) => {
        await check(tx, actor, baseId, body);
        await store.insertEvaluation(tx, actor.orgId, baseId, id, body);
        await queue(tx, actor.orgId, { evaluationId: id }, 'hand');
        return withRun(tx, actor, baseId, id);
      });
    },

    /** Throws `not-found`, `invalid-body`, `conflict`. */
    async replace(actor: Actor, baseId: string, id: string, body: EvaluationReplace): Promise<Evaluation> {
      await require(actor, baseId, id);
      return audit.acting(actor, 'knowledge.changed', { 'knowledge-base': baseId }, async (tx) => {
        await check(tx, actor, baseId, body);
        if ((await store.updateEvaluation(tx, actor.orgId, id, body.revision, body)) === 0)
          throw new AppError('conflict');
        await queue(tx, actor.orgId, { evaluationId: id }, 'hand');
        return withRun(tx, actor, baseId, id);
      });
    },

    /** With its runs. Throws `not-found`. */
    async remove(actor: Actor, baseId: string, id: string): Promise<void> {
      await bases.require(actor, baseId);
      await audit.acting(actor, 'knowledge.changed', { 'knowledge-base': baseId }, async (tx) => {
        if ((await store.deleteEvaluation(tx, actor.orgId, baseId, id)) === 0) throw notFound();
      });
    },

    /** Newest first. Throws `not-found`. */
    async runs(actor: Actor, baseId: string, id: string, page: Page) {
      await require(actor, baseId, id);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listRuns(db.in(actor.orgId), actor.orgId, id, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (one) => one,
        (one) => encodeCursor(one.id),
      );
    },

    /** Asks for a run; one that waits already is that run. Throws `not-found`. */
    async run(actor: Actor, baseId: string, id: string): Promise<EvaluationRun> {
      await require(actor, baseId, id);
      return db.in(actor.orgId).tx(async (tx) => {
        await queue(tx, actor.orgId, { evaluationId: id }, 'hand');
        const [newest] = await store.listRuns(tx, actor.orgId, id, null, 1);
        if (!newest) throw notFound();
        return newest;
      });
    },

    /** With each question, and what has changed since the run before. Throws `not-found`. */
    async result(actor: Actor, baseId: string, id: string, runId: string): Promise<EvaluationRunDetail> {
      await require(actor, baseId, id);
      const scope = db.in(actor.orgId);
      const found = await store.findRun(scope, actor.orgId, id, runId);
      if (!found) throw notFound();
      const before = await store.findRunBefore(scope, actor.orgId, id, runId);
      return { ...found.run, ...compare(found.results, before?.results ?? []) };
    },
  };
}
