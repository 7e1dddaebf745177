import type { Database } from '../../../platform/db/db.ts';
import { newId } from '../../../platform/ids.ts';
import type { Logger } from '../../../platform/logger.ts';
import { EngineError } from '../../inference/engines/engine.ts';
import { embeddingBatch } from '../../inference/engines/embedding.ts';
import type { Embedder } from '../../inference/providers.engines.ts';
import * as store from './vectors.store.ts';
import type { Part, PartText } from './vectors.store.ts';

const lookMs = 3000;
/** Longer than a batch may take, so that a turn does not end while it is used. */
const leaseSeconds = 120;
const batchMs = 60_000;
const partsAtOnce = embeddingBatch;
/** A text that a provider refuses as too long is cut in half, and again, down to so many characters. */
const leastText = 250;

/** What makes vectors, of the inference slice. */
export interface Embedders {
  embedderFor(orgId: string): Promise<Embedder | null>;
  organisationsWithEmbedder(): Promise<string[]>;
}

interface Parts {
  db: Database;
  log: Logger;
  node: string;
  embedders: Embedders;
  /** All that was waiting in these bases has its vectors now. */
  onDone(orgId: string, baseIds: string[]): Promise<void>;
}

const refused = (error: unknown): boolean =>
  error instanceof EngineError && (error.fault === 'context-too-long' || error.fault === 'bad-request');

/** Makes vectors of what is indexed, after the document can be found by its words; all servers of a database share the work. */
export function createEmbeddingWorker({ db, log, node, embedders, onDone }: Parts) {
  const working = new Map<string, Promise<void>>();
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const ask = (embedder: Embedder, texts: string[]): Promise<Float32Array[]> =>
    embedder.embed(texts, { signal: ended.signal, timeoutMs: batchMs, tries: 3 });

  /** One that is too long for the model is represented by its beginning. */
  const embedOne = async (embedder: Embedder, text: string): Promise<Float32Array> => {
    try {
      return (await ask(embedder, [text]))[0] as Float32Array;
    } catch (error) {
      if (!refused(error) || text.length <= leastText) throw error;
      return embedOne(embedder, text.slice(0, text.length / 2));
    }
  };

  const embedBatch = async (embedder: Embedder, texts: string[]): Promise<Float32Array[]> => {
    try {
      return await ask(embedder, texts);
    } catch (error) {
      if (!refused(error)) throw error;
      const one: Float32Array[] = [];
      for (const text of texts) one.push(await embedOne(embedder, text));
      return one;
    }
  };

  const embedAll = async (embedder: Embedder, texts: string[]): Promise<Float32Array[]> => {
    const vectors: Float32Array[] = [];
    for (let i = 0; i < texts.length; i += embeddingBatch) {
      vectors.push(...(await embedBatch(embedder, texts.slice(i, i + embeddingBatch))));
    }
    if (vectors.some(({ length }) => length !== vectors[0]?.length)) throw new EngineError('malformed');
    return vectors;
  };

  /** Short documents together, so that one call serves many. */
  const embedParts = async (orgId: string, embedder: Embedder, parts: Part[]): Promise<void> => {
    const read: { part: Part; text: PartText }[] = [];
    for (const part of parts) {
      const text = await store.textsOf(db.in(orgId), orgId, part);
      if (text) read.push({ part, text });
    }
    const vectors = await embedAll(
      embedder,
      read.flatMap(({ text }) => text.texts),
    );
    let at = 0;
    for (const { part, text } of read) {
      const own = vectors.slice(at, at + text.texts.length);
      at += own.length;
      const made = { id: newId(), chunkId: text.chunkId, space: embedder.space, vectors: own };
      await db.in(orgId).tx((tx) => store.putVectors(tx, orgId, part, made));
    }
  };

  /** False: nothing is left, it is not our turn, or the provider failed. */
  const step = async (orgId: string, touched: Set<string>): Promise<boolean> => {
    const embedder = await embedders.embedderFor(orgId);
    if (ended.signal.aborted || !embedder?.approved) return false;
    const failed = ((await store.findTurn(db.in(orgId), orgId))?.failures ?? 0) > 0;
    // After a failure one by one: what cannot be done must not hold up what stands beside it.
    const fresh = await store.freshParts(db.in(orgId), orgId, embedder.space, failed ? 1 : partsAtOnce);
    const parts = fresh.length > 0 ? fresh : await store.failedPart(db.in(orgId), orgId, embedder.space);
    if (parts.length === 0) return false;
    if (!(await store.takeTurn(db.in(orgId), orgId, node, leaseSeconds))) return false;
    try {
      await embedParts(orgId, embedder, parts);
      for (const { baseId } of parts) touched.add(baseId);
      await store.turnWorked(db.in(orgId), orgId);
      return true;
    } catch (error) {
      if (ended.signal.aborted) return false;
      const failure = error instanceof EngineError ? error.fault : 'internal';
      log.warn({ err: (error as Error).message }, 'passages have no vectors yet; tried again');
      await store.markTried(db.in(orgId), orgId, parts);
      await store.turnFailed(db.in(orgId), orgId, failure);
      return false;
    }
  };

  const work = async (orgId: string): Promise<void> => {
    const touched = new Set<string>();
    while (await step(orgId, touched));
    if (touched.size === 0) return;
    await onDone(orgId, [...touched]);
    await store.endTurn(db.in(orgId), orgId, node);
  };

  const round = async (): Promise<void> => {
    for (const orgId of await embedders.organisationsWithEmbedder()) {
      // A provider that stalls holds up its own organisation alone.
      if (working.has(orgId)) continue;
      const done = work(orgId)
        .catch((error: Error) => log.debug({ err: error.message }, 'vectors were left to the next look'))
        .finally(() => working.delete(orgId));
      working.set(orgId, done);
    }
  };

  const look = (): void => {
    if (ended.signal.aborted) return;
    looking ??= round()
      .catch((error: Error) => log.debug({ err: error.message }, 'nobody looked for what needs vectors'))
      .finally(() => (looking = undefined));
  };

  return {
    look,
    start(): void {
      timer = setInterval(look, lookMs);
      look();
    },
    async stop(): Promise<void> {
      ended.abort();
      clearInterval(timer);
      await looking;
      await Promise.all(working.values());
    },
  };
}
