import { IdParams, Page } from '@rapport/protocol/common';
import {
  InstrumentList,
  QuestionnaireEnter,
  QuestionnaireEntered,
  QuestionnaireList,
} from '@rapport/protocol/questionnaires';
import { actorOf, type App } from '../../platform/http/server.ts';
import { instruments } from './instruments.ts';
import type { QuestionnaireService } from './questionnaires.service.ts';

const read = { permission: 'clients.read' } as const;

export function questionnaireRoutes(app: App, questionnaires: QuestionnaireService) {
  app.get(
    '/api/v1/questionnaires',
    { config: read, schema: { summary: 'The questionnaires there are', response: { 200: InstrumentList } } },
    () => ({ items: [...instruments], next: null }),
  );
  app.get(
    '/api/v1/clients/:id/questionnaires',
    {
      config: read,
      schema: {
        summary: 'Questionnaires of a client with their scores, newest first',
        params: IdParams,
        querystring: Page,
        response: { 200: QuestionnaireList },
      },
    },
    (request) => questionnaires.ofClient(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/clients/:id/questionnaires',
    {
      config: { permission: 'clients.manage' },
      schema: {
        summary: 'Enter what a client has answered',
        params: IdParams,
        body: QuestionnaireEnter,
        response: { 201: QuestionnaireEntered },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await questionnaires.enter(actorOf(request), request.params.id, request.body)),
  );
}
