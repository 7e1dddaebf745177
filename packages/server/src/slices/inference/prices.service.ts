import type { Price, Usage } from '@rapport/protocol/inference';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { defaultPrices } from './engines/prices.ts';
import * as store from './prices.store.ts';

/** What models cost, in micro-USD per million tokens: the organisation's own figures before the ones Rapport knows. */
export function createPrices(db: Database, audit: Audit) {
  // Every reply asks for one; the organisation's few are read at once.
  const kept = createBriefCache<Map<string, Price>>(systemClock, { ttlMs: 900, max: 1000 });
  const ownPrices = (orgId: string) =>
    kept.get(orgId, async () => {
      const own = await store.listPrices(db.in(orgId), orgId);
      return new Map(own.map((price) => [price.model, price]));
    });

  const priceOf = async (orgId: string, model: string): Promise<Price | null> =>
    (await ownPrices(orgId))?.get(model) ?? defaultPrices.find((price) => price.model === model) ?? null;

  return {
    priceOf,

    /** Micro-USD; null where the price or the usage is not known. */
    async costOf(orgId: string, model: string, usage: Usage): Promise<number | null> {
      const { inputTokens, outputTokens } = usage;
      if (inputTokens === null || outputTokens === null) return null;
      const price = await priceOf(orgId, model);
      if (!price) return null;
      const cached = Math.min(usage.cachedTokens ?? 0, inputTokens);
      return Math.round(
        ((inputTokens - cached) * price.input + cached * price.cached + outputTokens * price.output) / 1e6,
      );
    },

    /** Every price in force, by model. */
    async listPrices(actor: Actor): Promise<{ items: Price[]; next: null }> {
      requireStaff(actor);
      const own = await store.listPrices(db.in(actor.orgId), actor.orgId);
      const named = new Set(own.map((price) => price.model));
      const items = [...own, ...defaultPrices.filter((price) => !named.has(price.model))];
      return { items: items.sort((a, b) => (a.model < b.model ? -1 : 1)), next: null };
    },

    /** Sets what one model costs from now on; replies made before keep their cost. */
    async putPrice(actor: Actor, price: Price): Promise<Price> {
      requireStaff(actor);
      const stored = await audit.acting(actor, 'provider.prices-changed', {}, (tx) =>
        store.putPrice(tx, actor.orgId, price),
      );
      kept.clear();
      return stored;
    },
  };
}
