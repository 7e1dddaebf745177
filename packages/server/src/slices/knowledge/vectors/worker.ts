import type { Database } from '../../../platform/db/db.ts';
import type { Logger } from '../../../platform/logger.ts';
import { EngineError } from '../../inference/engines/engine.ts';
import { embeddingBatch } from '../../inference/engines/embedding.ts';
import type { Embedder } from '../../inference/embedding.ts';
import * as store from './turns.store.ts';

const lookMs = 3000;
/** Said of what waits while no budget is left for it. */
const budgetSpent = 'budget-spent';
/** Longer than a batch may take, so that a turn does not end while it is used. */
const leaseSeconds = 120;
const batchMs = 60_000;
/** A text that a provider refuses as too long is cut in half, and again, down to so many characters. */
const leastText = 250;

/** What makes vectors, of the inference slice. */
export interface Embedders {
  embedderFor(orgId: string): Promise<Embedder | null>;
  organisationsWithEmbedder(): Promise<string[]>;
}

/** Some of what waits for its vectors. */
export interface Waiting {
  texts(): Promise<string[]>;
  /** One vector a text, in their order. */
  put(vectors: Float32Array[]): Promise<void>;
  /** Their next turn comes after that of the others. */
  markTried(): Promise<void>;
}

/** A kind of what needs vectors; each has its own lease and its own waits. */
export interface EmbeddingWork {
  name: store.WorkName;
  /** Whether anything may be next, told cheaply and without writing. */
  waits(orgId: string, space: string): Promise<boolean>;
  /** What is next and may be sent; null: nothing is left. `alone`: what cannot be done must not hold up what stands beside it. */
  next(orgId: string, space: string, alone: boolean, signal: AbortSignal): Promise<Waiting | null>;
  /** What waited has its vectors now. Called again where it fails. */
  onDone?(orgId: string): Promise<void>;
}

interface Parts {
  db: Database;
  log: Logger;
  node: string;
  embedders: Embedders;
  work: EmbeddingWork;
}

const refused = (error: unknown): boolean =>
  error instanceof EngineError && (error.fault === 'context-too-long' || error.fault === 'bad-request');

/** Makes vectors of what can be found by its words already; all servers of a database share the work. */
export function createEmbeddingWorker({ db, log, node, embedders, work }: Parts) {
  const { name } = work;
  const working = new Map<string, Promise<void>>();
  /** Those for which vectors were made, and what follows from that is still to do. */
  const unfinished = new Set<string>();
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

  /** False: nothing is left, it is not our turn, or the provider failed. */
  const step = async (orgId: string): Promise<boolean> => {
    const embedder = await embedders.embedderFor(orgId);
    if (ended.signal.aborted || !embedder?.approved) return false;
    const turn = await store.findTurn(db.in(orgId), orgId, name);
    const spent = !(await embedder.hasBudget());
    if (spent && turn?.failure === budgetSpent) return false;
    // One server looks through what waits, and none writes that it does where nothing waits.
    if (!(await work.waits(orgId, embedder.space))) return false;
    if (!(await store.takeTurn(db.in(orgId), orgId, name, node, leaseSeconds))) return false;
    const waiting = await work.next(orgId, embedder.space, (turn?.failures ?? 0) > 0, ended.signal);
    if (!waiting) {
      await store.endTurn(db.in(orgId), orgId, name, node);
      return false;
    }
    if (spent) {
      await store.turnWaits(db.in(orgId), orgId, name, budgetSpent);
      return false;
    }
    try {
      await waiting.put(await embedAll(embedder, await waiting.texts()));
      await store.turnWorked(db.in(orgId), orgId, name);
      return true;
    } catch (error) {
      if (ended.signal.aborted) return false;
      const failure = error instanceof EngineError ? error.fault : 'internal';
      log.warn({ err: (error as Error).message, work: name }, 'some have no vectors yet; tried again');
      await waiting.markTried();
      await store.turnFailed(db.in(orgId), orgId, name, failure);
      return false;
    }
  };

  const workFor = async (orgId: string): Promise<void> => {
    while (await step(orgId)) unfinished.add(orgId);
    if (!unfinished.has(orgId)) return;
    await work.onDone?.(orgId);
    unfinished.delete(orgId);
    await store.endTurn(db.in(orgId), orgId, name, node);
  };

  const round = async (): Promise<void> => {
    for (const orgId of await embedders.organisationsWithEmbedder()) {
      // A provider that stalls holds up its own organisation alone.
      if (working.has(orgId)) continue;
      const done = workFor(orgId)
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
