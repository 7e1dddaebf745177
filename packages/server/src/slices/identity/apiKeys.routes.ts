import { Empty, IdParams } from '@rapport/protocol/common';
import { ApiKeyCreate, ApiKeyCreated, ApiKeyList, ApiKeyQuery } from '@rapport/protocol/members';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { ApiKeyService } from './apiKeys.service.ts';

const config = { permission: 'api-keys.own' } as const;

export function apiKeyRoutes(app: App, keys: ApiKeyService) {
  app.get(
    '/api/v1/api-keys',
    {
      config,
      schema: { summary: 'List API keys, newest first', querystring: ApiKeyQuery, response: { 200: ApiKeyList } },
    },
    (request) => keys.list(actorOf(request), request.query, request.query.of),
  );
  app.post(
    '/api/v1/api-keys',
    {
      config,
      schema: { summary: 'Make an API key; it is shown once', body: ApiKeyCreate, response: { 201: ApiKeyCreated } },
    },
    async (request, reply) => reply.code(201).send(await keys.create(actorOf(request), request.body)),
  );
  app.delete(
    '/api/v1/api-keys/:id',
    { config, schema: { summary: 'Revoke an API key', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await keys.revoke(actorOf(request), request.params.id);
      return {};
    },
  );
}
