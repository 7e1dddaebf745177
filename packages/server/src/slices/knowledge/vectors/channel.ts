import type { EmbeddingReport } from '@rapport/protocol/knowledge';
import type { Database } from '../../../platform/db/db.ts';
import type { Logger } from '../../../platform/logger.ts';
import type { Account } from '../../inference/asking.ts';
import { EngineError } from '../../inference/engines/engine.ts';
import { weightOf, type Near } from '../fusion.ts';
import { segmentSlots } from '../occurrences.ts';
import type { Ranked } from '../ranking.ts';
import type { Bases } from '../readers.ts';
import { createBackground } from './background.ts';
import { createHeldVectors, TooLarge } from './held.ts';
import type { Hidden, Pairs } from './matrix.ts';
import type { Nearby } from './nearby/nearby.ts';
import { readableOf } from './vectors.store.ts';
import { Late, within } from './within.ts';
import type { Embedders } from './worker.ts';

const lookMs = 3000;
/** After a provider failed to answer in time the next questions do without it for so long. */
const pauseMs = 10_000;
/** What vectors may take in memory; a base with more of them is not looked through one by one. */
export const mostBytes = 512 * 1024 * 1024;

export type VectorChannel = ReturnType<typeof createVectorChannel>;

type Reason = NonNullable<EmbeddingReport['reason']>;
export type Asked = { model: string; space: string; vector: Float32Array } | { model: string | null; reason: Reason };
interface Meant {
  near: Near[];
  /** What they count beside the words. */
  weight: number;
  report: EmbeddingReport;
}

/** The places of a base that the words found. */
function markedIn(baseId: string, words: Ranked[]): Set<number> {
  const of = words
    .map(({ segment, slot }) => ({ named: segment.split('/'), slot }))
    .filter(({ named }) => named[0] === baseId);
  return new Set(of.map(({ named, slot }) => Number(named[1]) * segmentSlots + slot));
}

/** Slots that must not be found, base by base. */
function hiddenIn(baseId: string, hidden: Map<string, [number, number][]>): Hidden {
  const of: Hidden = new Map();
  for (const [name, ranges] of hidden) {
    const [base, segment] = name.split('/');
    if (base === baseId) of.set(Number(segment), ranges);
  }
  return of;
}

/** The passages nearest to a question in their meaning, beside those that its words find. It never fails a search. */
export function createVectorChannel(parts: {
  db: Database;
  log: Logger;
  embedders: Embedders;
  nearby: Nearby;
  /** How long a search waits for the vector of its question, and then for what it is compared with. */
  questionMs: number;
}) {
  const { db, log, embedders, nearby, questionMs } = parts;
  const held = createHeldVectors({ db, mostBytes });
  const backgrounds = createBackground({ log, waitMs: questionMs });
  const pausedUntil = new Map<string, number>();

  const without = (reason: Reason, model: string | null): Meant => ({
    near: [],
    weight: 0,
    report: { used: false, reason, model, weight: null, search: null },
  });

  /** The vector of a question, or why there is none. */
  const vectorOf = async (orgId: string, text: string, asker: Account): Promise<Asked> => {
    const embedder = await embedders.embedderFor(orgId);
    if (!embedder) return { reason: 'not-set-up', model: null };
    const { model, space } = embedder;
    if (!embedder.approved) return { reason: 'not-approved', model };
    if (!(await embedder.hasBudget(asker))) return { reason: 'budget-spent', model };
    if ((pausedUntil.get(orgId) ?? 0) > Date.now()) return { reason: 'failed', model };
    try {
      const asked = { signal: AbortSignal.timeout(questionMs), timeoutMs: questionMs, tries: 1 };
      const [vector] = await embedder.embed([text], asked, asker);
      return vector ? { vector, model, space } : { reason: 'failed', model };
    } catch (error) {
      // Garbage came at once; what makes people wait is not asked for each question anew.
      if (!(error instanceof EngineError) || error.fault !== 'malformed') pausedUntil.set(orgId, Date.now() + pauseMs);
      log.debug({ err: (error as Error).message }, 'a question has no vector; its words answer');
      return { reason: 'failed', model };
    }
  };

  return {
    vectorOf,

    /** What a vector of a question is told apart from; null where it is not there in time. */
    async background(orgId: string, space: string): Promise<Float32Array[] | null> {
      const embedder = await embedders.embedderFor(orgId);
      if (!embedder?.approved || embedder.space !== space || !(await embedder.hasBudget())) return null;
      return backgrounds.of(orgId, embedder);
    },

    /**
     * `hidden` as the search by words has it, which is how what may not be found is left out before anything is ranked. How
     * much they count depends on how they judge what the words found.
     */
    async near(
      orgId: string,
      bases: Bases,
      asked: Asked,
      words: Ranked[],
      { hidden, limit }: { hidden: Map<string, [number, number][]>; limit: number },
    ): Promise<Meant> {
      const { model } = asked;
      if (!('vector' in asked)) return without(asked.reason, model);
      const { vector, space } = asked;
      const dimensions = vector.length;
      let search: EmbeddingReport['search'] = 'exact';
      const lookIn = async (baseId: string): Promise<{ near: Near[]; pairs?: Pairs }> => {
        const of = { orgId, baseId, space, dimensions };
        const indexed = await nearby.holds(of);
        if (indexed) search = 'index';
        const asking = { hidden: hiddenIn(baseId, hidden), limit, marked: markedIn(baseId, words) };
        // An index looks at few vectors, so that nobody knows how the rest agree with the words.
        const { hits, ...counted } = indexed
          ? { hits: await nearby.nearest(of, bases, vector, { limit, ms: lookMs }) }
          : await held.nearest(of, vector, asking);
        const near = hits.map((hit) => ({
          segment: `${baseId}/${hit.segment}`,
          slot: hit.slot,
          similarity: hit.similarity,
        }));
        return { near, ...counted };
      };
      try {
        const readable = await readableOf(db.in(orgId), orgId, bases);
        const looks = await within(Promise.all(readable.map(lookIn)), lookMs);
        const found = looks.flatMap((look) => look.near);
        if (found.length === 0) return without('no-vectors', model);
        const near = found.sort((a, b) => b.similarity - a.similarity).slice(0, limit);
        const weight = weightOf(looks.flatMap(({ pairs }) => pairs ?? []));
        return { near, weight, report: { used: true, reason: null, model, weight, search } };
      } catch (error) {
        if (error instanceof TooLarge) return without('too-large', model);
        if (error instanceof Late) return without('loading', model);
        log.warn({ err: (error as Error).message }, 'vectors could not be looked through; words answer');
        return without('failed', model);
      }
    },

    async stop(): Promise<void> {
      backgrounds.stop();
      await held.stop();
    },
  };
}
