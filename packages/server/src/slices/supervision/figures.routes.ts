import { FigureQuery, SupervisionFigures } from '@rapport/protocol/insights';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { FigureService } from './figures.service.ts';

export function figureRoutes(app: App, figures: FigureService) {
  app.get(
    '/api/v1/insights/supervision',
    {
      config: { permission: 'insights.read', rate: 'heavy' },
      schema: {
        summary: 'What became of held replies, for each persona',
        querystring: FigureQuery,
        response: { 200: SupervisionFigures },
      },
    },
    (request) => figures.ofSupervision(actorOf(request), request.query),
  );
}
