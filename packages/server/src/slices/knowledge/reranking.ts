import type { RerankReport } from '@rapport/protocol/knowledge';
import type { Account } from '../inference/asking.ts';
import type { Ranking } from '../inference/reranking.ts';
import { readWhole } from './schema.ts';
import type { Found } from './search.store.ts';

/** The best of a search, which are ranked anew; the others stay behind them as they stood. */
const rerankCandidates = 30;
const patienceMs = 1500;

/** What ranks passages, of the inference slice. */
export interface Rankers {
  isSetUp(orgId: string): Promise<boolean>;
  rank(orgId: string, asker: Account, query: string, documents: string[], timeoutMs: number): Promise<Ranking>;
}

/** The scored ones first, best first; of two alike, and of those without a score, the one that stood first. */
export function reorder<T>(list: T[], scores: (number | null)[]): T[] {
  const scoreAt = (i: number): number => scores[i] ?? -Infinity;
  return list
    .map((_, i) => i)
    .sort((a, b) => (scoreAt(a) === scoreAt(b) ? a - b : scoreAt(b) - scoreAt(a)))
    .map((i) => list[i] as T);
}

export type RerankChannel = ReturnType<typeof createRerankChannel>;

/** Puts the best of a search into the order that a provider finds; where it cannot, they stay as they stood. */
export function createRerankChannel(rankers: Rankers) {
  return {
    /** How many passages a search has to read for it. */
    candidates: async (orgId: string): Promise<number> => ((await rankers.isSetUp(orgId)) ? rerankCandidates : 0),

    async order(
      orgId: string,
      asker: Account,
      query: string,
      found: Found[],
    ): Promise<{ found: Found[]; report: RerankReport }> {
      const best = found.slice(0, rerankCandidates);
      const report = { used: false, reason: null, model: null, candidates: best.length };
      // One passage is in order already.
      if (best.length < 2) return { found, report };
      const documents = best.map(({ title, headingPath, text }) => readWhole(title, headingPath, text));
      const ranking = await rankers.rank(orgId, asker, query, documents, patienceMs);
      const { model } = ranking;
      if (!('scores' in ranking)) return { found, report: { ...report, reason: ranking.reason, model } };
      const scored = best.map((passage, i): Found => {
        const score = ranking.scores[i] ?? null;
        return score === null ? passage : { ...passage, channels: { ...passage.channels, rerank: score } };
      });
      const ordered = [...reorder(scored, ranking.scores), ...found.slice(rerankCandidates)];
      return { found: ordered, report: { ...report, used: true, model } };
    },
  };
}
