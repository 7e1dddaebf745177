import { Empty, IdParams, NamedPage } from '@rapport/protocol/common';
import {
  ApprovalRule,
  EmbeddingChoice,
  GgufLibrary,
  OllamaFound,
  Price,
  PriceList,
  ProcessingDecision,
  Provider,
  ProviderCreate,
  ProviderList,
  ProviderTest,
  RerankChoice,
} from '@rapport/protocol/inference';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { ProviderService } from './providers.service.ts';

const read = { permission: 'providers.read' } as const;
const manage = { permission: 'providers.manage' } as const;

export function providerRoutes(app: App, providers: ProviderService) {
  app.get(
    '/api/v1/providers',
    {
      config: read,
      schema: { summary: 'List model providers', querystring: NamedPage, response: { 200: ProviderList } },
    },
    (request) => providers.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/providers',
    {
      config: { ...manage, rate: 'heavy' },
      schema: {
        summary: 'Add a model provider, after one real call',
        body: ProviderCreate,
        response: { 201: Provider },
      },
    },
    async (request, reply) => reply.code(201).send(await providers.create(actorOf(request), request.body)),
  );
  app.post(
    '/api/v1/providers/test',
    {
      config: { ...manage, idempotency: 'none', rate: 'heavy' },
      schema: {
        summary: 'Try provider settings with one real call',
        body: ProviderCreate,
        response: { 200: ProviderTest },
      },
    },
    (request) => providers.test(actorOf(request), request.body),
  );
  app.delete(
    '/api/v1/providers/:id',
    { config: manage, schema: { summary: 'Remove a model provider', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await providers.remove(actorOf(request), request.params.id);
      return {};
    },
  );
  app.post(
    '/api/v1/providers/:id/default',
    {
      config: manage,
      schema: { summary: 'Make a provider the default one', params: IdParams, response: { 200: Provider } },
    },
    (request) => providers.makeDefault(actorOf(request), request.params.id),
  );
  besidesRoutes(app, providers);
  processingRoutes(app, providers);
  setupPageRoutes(app, providers);
  ggufRoutes(app, providers);
  priceRoutes(app, providers);
}

/** What a provider does beside answering. */
function besidesRoutes(app: App, providers: ProviderService) {
  app.put(
    '/api/v1/providers/:id/embedding',
    {
      config: { ...manage, rate: 'heavy' },
      schema: {
        summary: 'Choose the model that makes embeddings, after one real call',
        params: IdParams,
        body: EmbeddingChoice,
        response: { 200: Provider },
      },
    },
    (request) => providers.setEmbedding(actorOf(request), request.params.id, request.body),
  );
  app.put(
    '/api/v1/providers/:id/reranking',
    {
      config: { ...manage, rate: 'heavy' },
      schema: {
        summary: 'Choose the model that reranks, after one real call',
        params: IdParams,
        body: RerankChoice,
        response: { 200: Provider },
      },
    },
    (request) => providers.setReranking(actorOf(request), request.params.id, request.body),
  );
}

function processingRoutes(app: App, providers: ProviderService) {
  app.put(
    '/api/v1/providers/:id/processing',
    {
      config: manage,
      schema: {
        summary: 'Approve a provider for what clients say, or refuse it',
        params: IdParams,
        body: ProcessingDecision,
        response: { 200: Provider },
      },
    },
    (request) => providers.decide(actorOf(request), request.params.id, request.body),
  );
  app.get(
    '/api/v1/providers/approval',
    {
      config: read,
      schema: { summary: 'Whether providers must be approved', response: { 200: ApprovalRule } },
    },
    (request) => providers.approvalRule(actorOf(request)),
  );
  app.put(
    '/api/v1/providers/approval',
    {
      config: manage,
      schema: {
        summary: 'Require approval of providers, or not',
        body: ApprovalRule,
        response: { 200: ApprovalRule },
      },
    },
    (request) => providers.setApprovalRule(actorOf(request), request.body),
  );
}

/** What the set-up page asks is public, and answered only while there is no organisation. */
function setupPageRoutes(app: App, providers: ProviderService) {
  app.get(
    '/api/v1/providers/ollama',
    { config: read, schema: { summary: 'Find an Ollama on this machine', response: { 200: OllamaFound } } },
    (request) => providers.findOllama(actorOf(request)),
  );
  app.get(
    '/api/v1/setup/ollama',
    {
      config: { permission: 'public' },
      schema: { summary: 'Find an Ollama on this machine, before the set-up', response: { 200: OllamaFound } },
    },
    () => providers.findOllamaForSetup(),
  );
  app.post(
    '/api/v1/setup/provider/test',
    {
      config: { permission: 'public' },
      schema: {
        summary: 'Try provider settings with one real call, before the set-up',
        body: ProviderCreate,
        response: { 200: ProviderTest },
      },
    },
    (request) => providers.testForSetup(request.body),
  );
}

/** Installing itself is part of adding or testing such a provider. */
function ggufRoutes(app: App, providers: ProviderService) {
  const summary = 'How far the library is that runs GGUF files';
  app.get(
    '/api/v1/providers/gguf-library',
    { config: read, schema: { summary, response: { 200: GgufLibrary } } },
    (request) => providers.ggufLibrary(actorOf(request)),
  );
  app.get(
    '/api/v1/setup/gguf-library',
    {
      config: { permission: 'public' },
      schema: { summary: `${summary}, before the set-up`, response: { 200: GgufLibrary } },
    },
    () => providers.ggufLibraryForSetup(),
  );
}

function priceRoutes(app: App, providers: ProviderService) {
  app.get(
    '/api/v1/prices',
    { config: read, schema: { summary: 'What models cost', response: { 200: PriceList } } },
    (request) => providers.listPrices(actorOf(request)),
  );
  app.put(
    '/api/v1/prices',
    { config: manage, schema: { summary: 'Set what a model costs', body: Price, response: { 200: Price } } },
    (request) => providers.putPrice(actorOf(request), request.body),
  );
}
