import { IdParams, Page } from '@rapport/protocol/common';
import { Goal, GoalList, GoalParams, GoalPut } from '@rapport/protocol/goals';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { GoalService } from './goals.service.ts';

const manage = { permission: 'clients.manage' } as const;

export function goalRoutes(app: App, goals: GoalService) {
  app.get(
    '/api/v1/clients/:id/goals',
    {
      config: { permission: 'clients.read' },
      schema: {
        summary: 'What a client works towards, newest first',
        params: IdParams,
        querystring: Page,
        response: { 200: GoalList },
      },
    },
    (request) => goals.list(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/clients/:id/goals',
    { config: manage, schema: { summary: 'Set a goal', params: IdParams, body: GoalPut, response: { 201: Goal } } },
    async (request, reply) =>
      reply.code(201).send(await goals.create(actorOf(request), request.params.id, request.body)),
  );
  app.put(
    '/api/v1/clients/:id/goals/:goalId',
    {
      config: manage,
      schema: {
        summary: 'Change a goal and its milestones',
        params: GoalParams,
        body: GoalPut,
        response: { 200: Goal },
      },
    },
    (request) => goals.update(actorOf(request), request.params.id, request.params.goalId, request.body),
  );
}
