import { IdParams } from '@rapport/protocol/common';
import { SaidList, SaidQuery } from '@rapport/protocol/sessions';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { SaidService } from './said.service.ts';

export function saidRoutes(app: App, said: SaidService) {
  app.get(
    '/api/v1/clients/:id/messages',
    {
      config: { permission: 'sessions.follow', rate: 'heavy' },
      schema: {
        summary: 'What was said in the sessions with a client, newest first',
        params: IdParams,
        querystring: SaidQuery,
        response: { 200: SaidList },
      },
    },
    (request) => said.list(actorOf(request), request.params.id, request.query),
  );
}
