import type { NamedPage } from '@rapport/protocol/common';
import type {
  ApprovalRule,
  EmbeddingChoice,
  GgufLibrary,
  ProcessingDecision,
  Provider,
  ProviderTest,
  RerankChoice,
} from '@rapport/protocol/inference';
import type { z } from 'zod';
import type { Config } from '../../config/config.ts';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Outgoing } from '../../platform/net/outgoing.ts';
import { ownerNeedsNoSignIn, type SetupStep } from '../identity/service.ts';
import type { Recipient } from '../privacy/record.service.ts';
import { createGgufLibrary, type LibraryOfGguf } from './engines/gguf.library.ts';
import { findOllama } from './engines/ollama.ts';
import { createPrices } from './prices.service.ts';
import { createEngines, presetId, presetKeyOf } from './providers.engines.ts';
import { mayProcess, processingStatus, runsHere } from './processing.ts';
import * as store from './providers.store.ts';
import { createTrial, type Trial } from './providers.trial.ts';
import {
  canEmbed,
  canRerank,
  invalid,
  noEmbedding,
  noReranking,
  wantedOf,
  type ProviderBody as Body,
  type Wanted,
} from './providers.wanted.ts';
import type { ProviderRow } from './schema.ts';

export type ProviderService = ReturnType<typeof createProviderService>;

type Decision = z.output<typeof ProcessingDecision>;

export function createProviderService(parts: { db: Database; audit: Audit; config: Config; outgoing: Outgoing }) {
  const { db, audit, config, outgoing } = parts;
  const library = createGgufLibrary(config);
  const trial = createTrial(library, outgoing);
  const engines = createEngines({ db, config, outgoing, ggufLibrary: library.find });
  return {
    ...createManagement({ db, audit, config, trial, keyOf: engines.keyOf, forget: engines.forgetProviders }),
    ...createLookUps({ ...parts, trial, library }),
    ...engines,
    ...createPrices(db, audit),

    setupSteps: createSetupSteps(config, trial),

    hasProvider: async (orgId: string, id: string): Promise<boolean> =>
      (await store.findProvider(db.in(orgId), orgId, id)) !== undefined,

    /** Brings the library where a GGUF provider was chosen on another server, or under another version of it. */
    async start(onFailure: (error: Error) => void): Promise<void> {
      if (library.find() === null && (await store.anyProviderOf(db.everywhere, 'gguf')))
        library.ensure().catch(onFailure);
    },

    stop: library.stop,
  };
}

async function add(tx: Tx, { orgId, userId }: StaffActor, wanted: Wanted, makeDefault: boolean): Promise<ProviderRow> {
  const id = newId();
  const inserted = await store.insertProvider(tx, orgId, { ...wanted, id });
  const { processing, embeddingModel, rerankModel } = wanted;
  const decided = (processing && (await store.setProcessing(tx, orgId, id, processing, userId))) ?? inserted;
  const embeds = (embeddingModel && (await store.setEmbedder(tx, orgId, id, embeddingModel))) || decided;
  const row = (rerankModel && (await store.setReranker(tx, orgId, id, rerankModel))) || embeds;
  return makeDefault && answers(row) ? chooseDefault(tx, orgId, id) : row;
}

const answers = ({ kind, model }: ProviderRow): boolean => kind === 'reference' || model !== null;

async function chooseDefault(tx: Tx, orgId: string, id: string): Promise<ProviderRow> {
  await store.lockProviders(tx, orgId);
  await store.clearDefault(tx, orgId);
  const row = await store.setDefault(tx, orgId, id);
  if (!row) throw notFound();
  if (!answers(row)) throw invalid('/model', 'This provider has no model that answers.');
  return row;
}

/** What a provider may do beside answering: at most one of an organisation does each. */
const besides = {
  embeddings: { can: canEmbed, otherwise: noEmbedding, set: store.setEmbedder },
  reranking: { can: canRerank, otherwise: noReranking, set: store.setReranker },
};

/** What the set-up of an organisation means for its providers. */
function createSetupSteps(config: Config, trial: Trial) {
  /** Tries the provider before anything is stored. */
  const onSetup: SetupStep = async (body) => {
    if (!body.provider) return async () => {};
    const wanted = wantedOf(body.provider);
    const { makeDefault } = body.provider;
    await trial.requireWorking(wanted);
    return async (tx, owner) => void (await add(tx, owner, wanted, makeDefault));
  };

  /** The preset is not tried: its server may start after this one. */
  const onPreset = async (tx: Tx, owner: StaffActor): Promise<void> => {
    if (!config.preset) return;
    const { baseUrl, model } = config.preset;
    const isNew = !(await store.findProvider(tx, owner.orgId, presetId));
    const label = 'Preset from environment';
    await store.putProvider(tx, owner.orgId, { id: presetId, kind: 'openai', label, baseUrl, model, apiKey: null });
    if (isNew) await chooseDefault(tx, owner.orgId, presetId);
    // Who decides in the settings decides for good: the environment only answers a question that is still open.
    const row = config.preset.approved ? await store.findProvider(tx, owner.orgId, presetId) : undefined;
    const decision = { approved: true, note: 'RAPPORT_OPENAI_APPROVED', agreedOn: null };
    if (row?.approval === 'unanswered') await store.setProcessing(tx, owner.orgId, presetId, decision, owner.userId);
  };

  return { onSetup, onPreset };
}

interface ManagementParts {
  db: Database;
  audit: Audit;
  config: Config;
  trial: Trial;
  forget(): void;
  keyOf(orgId: string, row: ProviderRow): Promise<string | null>;
}

function createManagement({ db, audit, config, trial, forget, keyOf }: ManagementParts) {
  const toProvider = (row: ProviderRow): Provider => ({
    id: row.id,
    kind: row.kind,
    label: row.label,
    baseUrl: row.base_url,
    model: row.model,
    embeddingModel: row.embedding_model,
    rerankModel: row.rerank_model,
    hasKey: row.api_key !== null || presetKeyOf(config, row) !== null,
    isDefault: row.is_default,
    processing: {
      status: processingStatus(row),
      note: row.agreement_note,
      agreedOn: row.agreed_on,
      decidedAt: row.decided_at,
    },
    createdAt: row.created_at,
  });

  const setBesides = async (
    actor: StaffActor,
    id: string,
    use: keyof typeof besides,
    model: string | null,
  ): Promise<Provider> => {
    const { orgId } = actor;
    const { can, otherwise, set } = besides[use];
    const stored = await store.findProvider(db.in(orgId), orgId, id);
    if (!stored) throw notFound();
    if (model !== null) {
      if (!can(stored.kind)) throw invalid('/model', otherwise);
      const apiKey = await keyOf(orgId, stored);
      await trial.requireUse({ kind: stored.kind, baseUrl: stored.base_url, apiKey }, use, model);
    }
    const row = await audit.acting(actor, 'provider.changed', { provider: id }, async (tx) => {
      const changed = await set(tx, orgId, id, model);
      if (!changed) throw notFound();
      return changed;
    });
    forget();
    return toProvider(row);
  };

  return {
    /** Newest first. Keys are never among it. */
    async list(actor: Actor, page: NamedPage): Promise<{ items: Provider[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listProviders(db.in(actor.orgId), actor.orgId, page.q, before, page.limit + 1);
      return toPage(rows, page.limit, toProvider, (row) => encodeCursor(row.id));
    },

    /** Makes one real call first. Throws `invalid-body`, and `provider-failed` saying what to check. */
    async create(actor: Actor, body: Body): Promise<Provider> {
      requireStaff(actor);
      const wanted = wantedOf(body);
      await trial.requireWorking(wanted);
      const row = await db.in(actor.orgId).tx(async (tx) => {
        const added = await add(tx, actor, wanted, body.makeDefault);
        audit.record(tx, actor, 'provider.added', { provider: added.id });
        return added;
      });
      forget();
      return toProvider(row);
    },

    /** The outcome of one real call; nothing is stored. Throws `invalid-body`. */
    async test(actor: Actor, body: Body): Promise<ProviderTest> {
      requireStaff(actor);
      return trial.tryOut(wantedOf(body));
    },

    /** Forgets its key. Personas that name it cannot answer until they name another. Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      await audit.acting(actor, 'provider.removed', { provider: id }, async (tx) => {
        if ((await store.deleteProvider(tx, actor.orgId, id)) === 0) throw notFound();
      });
      forget();
    },

    /** Whether what clients say may be sent to it; a no holds with the next reply. Throws `not-found`. */
    async decide(actor: Actor, id: string, decision: Decision): Promise<Provider> {
      requireStaff(actor);
      const row = await audit.acting(actor, 'provider.approval-changed', { provider: id }, async (tx) => {
        const decided = await store.setProcessing(tx, actor.orgId, id, decision, actor.userId);
        if (!decided) throw notFound();
        return decided;
      });
      forget();
      return toProvider(row);
    },

    /**
     * Which of its models makes the vectors of the organisation, tried with one real call; null: none does. Another
     * provider's that did does so no more. Throws `not-found`, `invalid-body`, `provider-failed`.
     */
    async setEmbedding(actor: Actor, id: string, { model }: EmbeddingChoice): Promise<Provider> {
      requireStaff(actor);
      return setBesides(actor, id, 'embeddings', model);
    },

    /**
     * Which of its models puts what a search found into its final order, tried with one real call; null: none does. Another
     * provider's that did does so no more. Throws `not-found`, `invalid-body`, `provider-failed`.
     */
    async setReranking(actor: Actor, id: string, { model }: RerankChoice): Promise<Provider> {
      requireStaff(actor);
      return setBesides(actor, id, 'reranking', model);
    },

    /** For the record of processing: where what clients say may go. */
    async recipients(orgId: string): Promise<Recipient[]> {
      const rows = await store.listProviders(db.in(orgId), orgId, undefined, null, 1000);
      return rows.map((row) => ({
        name: row.label,
        place: runsHere(row) ? 'this server' : new URL(row.base_url ?? '').host,
        status: processingStatus(row),
        receives: mayProcess(row),
        note: row.agreement_note,
        agreedOn: row.agreed_on,
      }));
    },

    async approvalRule(actor: Actor): Promise<ApprovalRule> {
      requireStaff(actor);
      return { required: await store.approvalRequired(db.in(actor.orgId), actor.orgId) };
    },

    async setApprovalRule(actor: Actor, { required }: ApprovalRule): Promise<ApprovalRule> {
      requireStaff(actor);
      await audit.acting(actor, 'provider.approval-changed', {}, (tx) =>
        store.setApprovalRequired(tx, actor.orgId, required),
      );
      forget();
      return { required };
    },

    /** Throws `not-found`. */
    async makeDefault(actor: Actor, id: string): Promise<Provider> {
      requireStaff(actor);
      const row = await audit.acting(actor, 'provider.changed', { provider: id }, (tx) =>
        chooseDefault(tx, actor.orgId, id),
      );
      forget();
      return toProvider(row);
    },
  };
}

/** What the page that adds a provider asks; the second of each pair is for the set-up, before there is anybody to sign in. */
function createLookUps(parts: {
  db: Database;
  config: Config;
  outgoing: Outgoing;
  trial: Trial;
  library: LibraryOfGguf;
}) {
  const { db, config, outgoing, trial, library } = parts;
  // A stranger must not be able to make a running server call addresses.
  const duringSetup = async (): Promise<void> => {
    if (await store.anyOrg(db.everywhere)) throw new AppError('already-set-up');
  };
  return {
    /** The models of an Ollama on its standard port of this machine; null when none answers. */
    async findOllama(actor: Actor): Promise<{ models: string[] | null }> {
      requireStaff(actor);
      return { models: await findOllama(outgoing) };
    },

    /** Throws `already-set-up`. */
    async findOllamaForSetup(): Promise<{ models: string[] | null }> {
      await duringSetup();
      return { models: await findOllama(outgoing) };
    },

    /** How far the library is that runs models from files. */
    ggufLibrary(actor: Actor): GgufLibrary {
      requireStaff(actor);
      return library.status();
    },

    /** Throws `already-set-up`. */
    async ggufLibraryForSetup(): Promise<GgufLibrary> {
      await duringSetup();
      return library.status();
    },

    /**
     * `test` for the set-up page, which submits only what is known to work. Throws `invalid-body`, `already-set-up`, and
     * `forbidden` where the set-up itself would be.
     */
    async testForSetup(body: Body): Promise<ProviderTest> {
      if (!ownerNeedsNoSignIn(config))
        throw new AppError('forbidden', { detail: 'Set the server up on its machine, bound to 127.0.0.1.' });
      await duringSetup();
      return trial.tryOut(wantedOf(body));
    },
  };
}
