import type { Logger } from '../../platform/logger.ts';
import { askerOf, type Account } from './asking.ts';
import type { BudgetService } from './budgets.service.ts';
import { createCounting, isAbandoned, tokensIn } from './counting.ts';
import type { EmbeddingAsked, EmbeddingModel } from './providers.engines.ts';
import type { ProviderService } from './providers.service.ts';

/** What makes the vectors of an organisation, and counts what it uses. */
export interface Embedder extends Omit<EmbeddingModel, 'embed'> {
  /** Whether something may be asked on this account, or on the organisation's own. What was begun is brought to its end. */
  hasBudget(of?: Account): Promise<boolean>;
  /** One vector of length 1 a text. Throws EngineError. */
  embed(texts: string[], asked: EmbeddingAsked, of?: Account): Promise<Float32Array[]>;
}

/** What nobody in particular asks for. */
const organisation: Account = { personaId: null, userId: null };

export type Embedding = ReturnType<typeof createEmbedding>;

/** Embeddings that the budgets of an organisation pay for. */
export function createEmbedding({
  providers,
  budgets,
  log,
}: {
  log: Logger;
  providers: Pick<ProviderService, 'embeddingModelFor' | 'organisationsWithEmbedder' | 'costOf'>;
  budgets: Pick<BudgetService, 'spending' | 'count'>;
}) {
  const count = createCounting({ providers, budgets, log });

  return {
    organisationsWithEmbedder: providers.organisationsWithEmbedder,

    /** Null where no provider of the organisation makes vectors. */
    async embedderFor(orgId: string): Promise<Embedder | null> {
      const made = await providers.embeddingModelFor(orgId);
      if (!made) return null;
      const { model } = made;
      return {
        ...made,
        async hasBudget(of = organisation) {
          const { personaId, userId } = askerOf(of);
          return (await budgets.spending(orgId)).spentUntil(personaId, userId) === null;
        },
        async embed(texts, asked, of = organisation) {
          const estimate = tokensIn(texts.reduce((sum, { length }) => sum + length, 0));
          const embedded = await made.embed(texts, asked).catch(async (error: unknown) => {
            if (isAbandoned(error)) await count(orgId, of, model, estimate);
            throw error;
          });
          await count(orgId, of, model, embedded.tokens ?? estimate);
          return embedded.vectors;
        },
      };
    },
  };
}
