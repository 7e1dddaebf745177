import type { RerankReport } from '@rapport/protocol/knowledge';
import type { Logger } from '../../platform/logger.ts';
import { askerOf, type Account } from './asking.ts';
import type { BudgetService } from './budgets.service.ts';
import { createCounting, isAbandoned, tokensIn } from './counting.ts';
import type { ProviderService } from './providers.service.ts';

type Reason = NonNullable<RerankReport['reason']>;
export type Ranking = { model: string; scores: (number | null)[] } | { model: string | null; reason: Reason };

export type Reranking = ReturnType<typeof createReranking>;

/** After a model kept one search waiting, the next ones do without it for so long. */
const pauseMs = 10_000;

/** Has passages ranked, as far as approval and the budgets of an organisation allow. It never fails a search. */
export function createReranking({
  providers,
  budgets,
  log,
}: {
  log: Logger;
  providers: Pick<ProviderService, 'rerankerFor' | 'costOf'>;
  budgets: Pick<BudgetService, 'spending' | 'count'>;
}) {
  const pausedUntil = new Map<string, number>();
  const count = createCounting({ providers, budgets, log });

  return {
    /** Whether there is anything to ask, before passages are read for it. */
    isSetUp: async (orgId: string): Promise<boolean> => (await providers.rerankerFor(orgId)) !== null,

    /** How relevant each document is; `timeoutMs` for all of it. */
    async rank(orgId: string, of: Account, query: string, documents: string[], timeoutMs: number): Promise<Ranking> {
      const reranker = await providers.rerankerFor(orgId);
      if (!reranker) return { reason: 'not-set-up', model: null };
      const { model } = reranker;
      const without = (reason: Reason): Ranking => ({ reason, model });
      if (!reranker.approved) return without('not-approved');
      const asker = askerOf(of);
      const spending = await budgets.spending(orgId);
      if (spending.spentUntil(asker.personaId, asker.userId)) return without('budget-spent');
      if ((pausedUntil.get(`${orgId}/${model}`) ?? 0) > Date.now()) return without('late');
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await reranker.rerank(query, documents, { signal, timeoutMs }).catch((error: Error) => error);
      // It reads the question with each document.
      const estimate = tokensIn(documents.reduce((sum, document) => sum + query.length + document.length, 0));
      if (answer instanceof Error) {
        log.debug({ err: answer.message }, 'nothing was reranked; the order before it stands');
        if (!isAbandoned(answer)) return without('failed');
        pausedUntil.set(`${orgId}/${model}`, Date.now() + pauseMs);
        await count(orgId, of, model, estimate);
        return without('late');
      }
      await count(orgId, of, model, answer.tokens ?? estimate);
      return { model, scores: answer.scores };
    },
  };
}
