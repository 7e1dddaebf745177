import { IdParams } from '@rapport/protocol/common';
import { OwnCorrection, OwnMemories } from '@rapport/protocol/memory';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { OwnMemoryService } from './own.service.ts';

const config = { permission: 'own-record' } as const;

/** What a client may do about what is remembered of them. */
export function ownMemoryRoutes(app: App, own: OwnMemoryService) {
  app.get(
    '/api/v1/me/record/memories',
    { config, schema: { summary: 'What is remembered about me', response: { 200: OwnMemories } } },
    async (request) => ({ items: await own.list(actorOf(request)) }),
  );
  app.post(
    '/api/v1/me/record/memories/:id/correct',
    {
      config,
      schema: {
        summary: 'Say how it is instead',
        params: IdParams,
        body: OwnCorrection,
        response: { 200: OwnMemories },
      },
    },
    async (request) => ({ items: await own.correct(actorOf(request), request.params.id, request.body.statement) }),
  );
  app.delete(
    '/api/v1/me/record/memories/:id',
    { config, schema: { summary: 'Have it forgotten', params: IdParams, response: { 200: OwnMemories } } },
    async (request) => ({ items: await own.remove(actorOf(request), request.params.id) }),
  );
}
