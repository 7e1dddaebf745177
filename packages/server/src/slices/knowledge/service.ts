import type { KnowledgeResults, KnowledgeSearch, Passage } from '@rapport/protocol/knowledge';
import type pg from 'pg';
import type { z } from 'zod';
import type { Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Blobs } from '../../platform/blobs/blobs.ts';
import type { Database } from '../../platform/db/db.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Outgoing } from '../../platform/net/outgoing.ts';
import type { Hub } from '../../platform/realtime/hub.ts';
import type { Wake } from '../../platform/realtime/wake.ts';
import { createBaseService } from './bases.service.ts';
import { createCuratedService } from './curated.service.ts';
import { createDocumentService } from './documents.service.ts';
import { createEvaluationService } from './evaluations.service.ts';
import { createEvaluationWorker } from './evaluations.worker.ts';
import { createBaseLog } from './log.ts';
import { createReindexer } from './reindex.ts';
import { createRerankChannel, type Rankers } from './reranking.ts';
import { createRetrieval, type Prompting } from './retrieval.ts';
import { createVectorChannel, mostBytes as mostHeld } from './vectors/channel.ts';
import { createNearby } from './vectors/nearby/nearby.ts';
import { createPassageWork } from './vectors/passages.ts';
import { findTurn } from './vectors/turns.store.ts';
import { countVectors } from './vectors/vectors.store.ts';
import { createEmbeddingWorker, type Embedders } from './vectors/worker.ts';
import { createUploads } from './uploads.ts';
import { createVersionService } from './versions.service.ts';
import { createDocumentWorker, type Extractor } from './worker.ts';

export type KnowledgeService = ReturnType<typeof createKnowledgeService>;

export interface KnowledgeParts {
  db: Database;
  audit: Audit;
  hub: Hub;
  wake: Wake;
  node: string;
  log: Logger;
  blobs: Blobs;
  outgoing: Outgoing;
  extractor: Extractor;
  embedders: Embedders;
  reranking: Rankers;
  uploads: { fileBytes: number; files: number };
  workDir: string;
  /** How long a search waits for the vector of its question. */
  questionMs: number;
  /** The login that owns the tables. */
  owner: pg.PoolConfig;
  /** From how many passages on a base may have its vectors in an index of the database; null: none. */
  indexFrom: number | null;
  onReadersChanged(orgId: string): void;
}

const atOnce = 2;

/** Reference material: documents of many kinds, read in the background, cut into passages, searched by words. */
export function createKnowledgeService(parts: KnowledgeParts) {
  const { db, audit, hub, wake, node, log, blobs, outgoing, extractor, uploads, workDir, embedders } = parts;
  const reindexer = createReindexer({ db, log });
  const nearby = createNearby({ db, log, owner: parts.owner, embedders, from: parts.indexFrom, tooLarge: mostHeld });
  const vectors = createVectorChannel({ db, log, embedders, nearby, questionMs: parts.questionMs });
  const retrieval = createRetrieval({ db, vectors, reranker: createRerankChannel(parts.reranking) });
  const embeddingsOf = async (orgId: string, baseId: string) => {
    const embedder = await embedders.embedderFor(orgId);
    if (!embedder) return null;
    const { model, approved, space } = embedder;
    const counted = await countVectors(db.in(orgId), orgId, baseId, space);
    return { model, approved, ...counted, failure: (await findTurn(db.in(orgId), orgId, 'passages'))?.failure ?? null };
  };
  const bases = createBaseService({ db, audit, blobs, onReadersChanged: parts.onReadersChanged, embeddingsOf });
  const curated = createCuratedService({ db, audit, bases });
  const evaluations = createEvaluationService({ db, audit, bases, onQueued: () => evaluating.queued() });
  const rooms = createBaseLog({
    hub,
    changed: (tx, orgId, roomId, what) => {
      tx.afterCommit(() => embedding.look());
      if (what === 'waiting') return evaluations.queueTrials(tx, orgId, roomId);
      return evaluations.queue(tx, orgId, { roomId }, 'change');
    },
  });
  const evaluating = createEvaluationWorker({ db, audit, wake, node, log, rooms, retrieval, embedders });
  const mostBytes = uploads.fileBytes;
  const work = createPassageWork({
    db,
    // What a search finds is another now.
    onDone: (orgId, baseIds) =>
      db.in(orgId).tx(async (tx) => {
        tx.afterCommit(nearby.look);
        for (const baseId of baseIds) await evaluations.queue(tx, orgId, { baseId }, 'change');
      }),
  });
  const embedding = createEmbeddingWorker({ db, log, node, embedders, work });
  const reading = { db, wake, node, log, blobs, outgoing, extractor, rooms, workDir, atOnce, mostBytes };
  const worker = createDocumentWorker(reading);
  const documents = createDocumentService({ db, audit, blobs, bases, log: rooms, onQueued: worker.queued });
  const versions = createVersionService({ db, audit, blobs, bases, log: rooms });

  return {
    bases,
    documents,
    versions,
    worker,
    reindexer,
    curated,
    evaluations,
    evaluating,
    embedding,
    vectors,
    nearby,
    uploads: createUploads({ blobs, bases, documents, limits: uploads }),

    /** Best first; with `explain`, an approved answer before them. Throws `not-found`. */
    async search(actor: Actor, baseId: string, query: z.output<typeof KnowledgeSearch>): Promise<KnowledgeResults> {
      await bases.require(actor, baseId);
      const readable = { ids: [baseId], reader: bases.readerOf(actor) };
      const userId = actor.kind === 'staff' ? actor.userId : null;
      const { results, ...reports } = await retrieval.search(actor.orgId, readable, query, userId);
      if (!query.explain) return { results };
      const approved = await curated.answerTo(actor.orgId, readable, query.query);
      if (!approved) return { results, ...reports };
      const channels = { words: 0, neighbours: 0, curated: approved.score };
      return { results: [{ ...approved, channels, highlights: [] }, ...results].slice(0, query.limit), ...reports };
    },

    meaningOf: retrieval.meaningOf,

    /**
     * What a reply to the last of some questions is given, an approved answer first; the session was checked already, and who
     * published its persona could read the base.
     */
    async searchForPrompt(orgId: string, baseId: string, asked: Prompting, limit: number): Promise<Passage[]> {
      const readable = { ids: [baseId], reader: null };
      const [approved, found] = await Promise.all([
        curated.answerTo(orgId, readable, asked.inFull ?? asked.questions.at(-1) ?? ''),
        retrieval.searchForPrompt(orgId, readable, asked, limit),
      ]);
      return approved ? [approved, ...found] : found;
    },
  };
}
