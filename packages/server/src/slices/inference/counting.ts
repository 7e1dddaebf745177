import type { Logger } from '../../platform/logger.ts';
import { askerOf, type Account } from './asking.ts';
import type { BudgetService } from './budgets.service.ts';
import { EngineError } from './engines/engine.ts';
import type { ProviderService } from './providers.service.ts';

/** As with replies: where a provider does not tell, four characters count as a token. */
export const tokensIn = (characters: number): number => Math.ceil(characters / 4);

/** Nobody waits for the answer any more; the provider makes it all the same, and is paid for it. */
export const isAbandoned = (error: unknown): boolean =>
  error instanceof EngineError && (error.fault === 'timeout-first-token' || error.fault === 'aborted');

/** Counts what a call used that belongs to no reply. Never throws: what was asked for is there by then, and is paid for. */
export const createCounting =
  (parts: { log: Logger; providers: Pick<ProviderService, 'costOf'>; budgets: Pick<BudgetService, 'count'> }) =>
  async (orgId: string, of: Account, model: string, inputTokens: number): Promise<void> => {
    const { providers, budgets, log } = parts;
    try {
      const used = { inputTokens, outputTokens: 0, cachedTokens: null };
      const costMicroUsd = (await providers.costOf(orgId, model, used)) ?? 0;
      await budgets.count(orgId, { ...askerOf(of), tokens: inputTokens, costMicroUsd });
    } catch (error) {
      log.warn({ err: (error as Error).message }, 'what a model used could not be counted');
    }
  };
