import { basename } from 'node:path';
import type { EngineName } from '@rapport/protocol/inference';
import type { Config } from '../../config/config.ts';
import { createBriefCache } from '../../platform/briefCache.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { Unreadable } from '../../platform/keys/keyring.ts';
import type { Outgoing } from '../../platform/net/outgoing.ts';
import { embedWithRetry } from './engines/embedding.ts';
import type { Embedded, Engine, Reranked } from './engines/engine.ts';
import { createEngine } from './engines/create.ts';
import type { ProviderRow } from './schema.ts';
import { mayProcess, refusal } from './processing.ts';
import * as store from './providers.store.ts';

/** What answers for a persona. */
export interface EngineChoice {
  /** null: the reference engine, which quotes passages and is not a model. */
  engine: Engine | null;
  name: EngineName;
  model: string;
}

const reference: EngineChoice = {
  engine: null,
  name: { id: 'reference', label: 'Reference engine', model: '' },
  model: '',
};

/** What makes the vectors of an organisation, as `embedding.ts` has it counted. */
export interface EmbeddingModel {
  model: string;
  /** Vectors of different spaces cannot be compared. */
  space: string;
  /** Whether texts may be sent to it. */
  approved: boolean;
  /** Throws EngineError. */
  embed(texts: string[], asked: EmbeddingAsked): Promise<Embedded>;
}

export interface EmbeddingAsked {
  signal: AbortSignal;
  timeoutMs: number;
  tries: number;
}

/** What puts the passages that a search found into their final order. */
export interface Reranker {
  model: string;
  /** Whether texts may be sent to it. */
  approved: boolean;
  /** Throws EngineError. */
  rerank(query: string, documents: string[], asked: { signal: AbortSignal; timeoutMs: number }): Promise<Reranked>;
}

const retryMs = 30_000;

/** The provider that the environment presets has one fixed id in its organisation. */
export const presetId = '019a0000-0000-7000-8000-000000000001';

/** The preset's key stays in the environment; it goes to the preset's own address and to no other. */
export const presetKeyOf = (config: Pick<Config, 'preset'>, row: ProviderRow): string | null =>
  row.id === presetId && config.preset?.baseUrl === row.base_url ? (config.preset?.apiKey ?? null) : null;

/** The engines of the stored providers, each made once per version of its row. */
export function createEngines(parts: {
  db: Database;
  config: Pick<Config, 'preset'>;
  outgoing: Outgoing;
  ggufLibrary(): string | null;
}) {
  const { db, config, outgoing, ggufLibrary } = parts;
  const engines = new Map<string, { version: string; engine: Engine }>();
  // Every turn asks which provider answers; a change made on another server holds within a second.
  const rows = createBriefCache<ProviderRow>(systemClock, { ttlMs: 900, max: 1000 });

  const keyOf = async (orgId: string, row: ProviderRow): Promise<string | null> => {
    try {
      return (await store.apiKeyOf(db.in(orgId), orgId, row)) ?? presetKeyOf(config, row);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      throw new AppError('provider-failed', {
        detail: `The stored key of “${row.label}” cannot be read any more. Add the provider again.`,
      });
    }
  };

  const engineOf = async (orgId: string, row: ProviderRow): Promise<Engine> => {
    const known = engines.get(`${orgId}/${row.id}`);
    if (known?.version === row.version) return known.engine;
    const engine = createEngine({
      kind: row.kind,
      baseUrl: row.base_url,
      model: row.model,
      apiKey: await keyOf(orgId, row),
      ggufLibrary,
      outgoing,
    });
    known?.engine.close?.();
    engines.set(`${orgId}/${row.id}`, { version: row.version, engine });
    return engine;
  };

  return {
    keyOf,

    /** After a change made here, the next turn asks anew. */
    forgetProviders: () => rows.clear(),

    /**
     * What answers with these settings of a persona; without a provider the organisation's default one. Throws
     * `provider-failed` for a provider that was removed: what a client says must not go to another one unasked. For a provider that is not approved the engine refuses, and nothing is sent.
     */
    async engineFor(orgId: string, providerId: string | null, model: string | null): Promise<EngineChoice> {
      const row = await rows.get(`${orgId}/${providerId}`, () =>
        providerId
          ? store.findProvider(db.in(orgId), orgId, providerId)
          : store.findDefaultProvider(db.in(orgId), orgId),
      );
      if (!row && providerId) {
        throw new AppError('provider-failed', {
          detail: 'The model provider of this persona was removed. Choose another one in the persona’s settings.',
        });
      }
      if (!row || row.kind === 'reference') return reference;
      const file = row.kind === 'gguf' ? row.model : null;
      const used = file ?? model ?? row.model ?? '';
      if (used === '') {
        throw new AppError('provider-failed', {
          detail: `“${row.label}” has no model that answers. Choose another provider in the persona’s settings.`,
        });
      }
      return {
        engine: mayProcess(row) ? await engineOf(orgId, row) : refusal,
        // Clients see the name too: where a file lies on this machine is nobody's business.
        name: { id: row.id, label: row.label, model: file === null ? used : basename(file) },
        model: used,
      };
    },

    /** Those of which a provider makes vectors. */
    organisationsWithEmbedder: () => store.organisationsWithEmbedder(db.everywhere),

    /** Null where no provider of the organisation makes vectors. */
    async embeddingModelFor(orgId: string): Promise<EmbeddingModel | null> {
      const row = await rows.get(`${orgId}/embedder`, () => store.findEmbedder(db.in(orgId), orgId));
      if (!row?.embedding_model) return null;
      const model = row.embedding_model;
      return {
        // Shown to all who test a base, and where a file lies is for those alone who manage providers.
        model: row.kind === 'gguf' ? basename(model) : model,
        space: `${row.base_url} ${model}`,
        approved: mayProcess(row),
        async embed(texts, { tries, ...asked }) {
          const { embed } = mayProcess(row) ? await engineOf(orgId, row) : refusal;
          if (!embed) throw new Error(`a provider of kind ${row.kind} makes no vectors`);
          return embedWithRetry(embed, { model, texts, ...asked }, { budgetMs: retryMs, maxAttempts: tries });
        },
      };
    },

    /** Null where no provider of the organisation reranks. */
    async rerankerFor(orgId: string): Promise<Reranker | null> {
      const row = await rows.get(`${orgId}/reranker`, () => store.findReranker(db.in(orgId), orgId));
      if (!row?.rerank_model) return null;
      const model = row.rerank_model;
      return {
        model,
        approved: mayProcess(row),
        async rerank(query, documents, asked) {
          const { rerank } = mayProcess(row) ? await engineOf(orgId, row) : refusal;
          if (!rerank) throw new Error(`a provider of kind ${row.kind} does not rerank`);
          return rerank({ model, query, documents, ...asked });
        },
      };
    },
  };
}
