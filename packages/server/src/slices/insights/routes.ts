import { IdParams } from '@rapport/protocol/common';
import { ClientInsight, SessionInsight } from '@rapport/protocol/insights';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { InsightService } from './service.ts';

const config = { permission: 'sessions.follow', rate: 'heavy' } as const;

export function insightRoutes(app: App, insights: InsightService) {
  app.get(
    '/api/v1/sessions/:id/insights',
    {
      config,
      schema: {
        summary: 'What can be counted and quoted of a session, and where in its log it stands',
        params: IdParams,
        response: { 200: SessionInsight },
      },
    },
    (request) => insights.ofSession(actorOf(request), request.params.id),
  );
  app.get(
    '/api/v1/clients/:id/insights',
    {
      config,
      schema: { summary: 'A client’s sessions over time', params: IdParams, response: { 200: ClientInsight } },
    },
    (request) => insights.ofClient(actorOf(request), request.params.id),
  );
}
