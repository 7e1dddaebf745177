import { IdParams } from '@rapport/protocol/common';
import {
  RatingPut,
  SessionGoalsPut,
  SessionPlan,
  SessionThreadPut,
  TimerPut,
  TransferPost,
} from '@rapport/protocol/plan';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { PlanService } from './plan.service.ts';

const supervise = { permission: 'sessions.supervise' } as const;
const answer = { params: IdParams, response: { 200: SessionPlan } };

export function planRoutes(app: App, plans: PlanService) {
  app.get(
    '/api/v1/sessions/:id/plan',
    {
      config: { permission: 'sessions.read' },
      schema: { summary: 'Planned time, goals, rating and facilitator of a session', ...answer },
    },
    (request) => plans.get(actorOf(request), request.params.id),
  );
  app.put(
    '/api/v1/sessions/:id/timer',
    { config: supervise, schema: { summary: 'Plan how long a session goes on', ...answer, body: TimerPut } },
    (request) => plans.setTimer(actorOf(request), request.params.id, request.body),
  );
  app.put(
    '/api/v1/sessions/:id/goals',
    { config: supervise, schema: { summary: 'Choose the goals of a session', ...answer, body: SessionGoalsPut } },
    (request) => plans.setGoals(actorOf(request), request.params.id, request.body.goalIds),
  );
  app.put(
    '/api/v1/sessions/:id/thread',
    {
      config: supervise,
      schema: { summary: 'Say which thread of its client a session continues', ...answer, body: SessionThreadPut },
    },
    (request) => plans.setThread(actorOf(request), request.params.id, request.body.threadId),
  );
  app.put(
    '/api/v1/sessions/:id/rating',
    { config: supervise, schema: { summary: 'Say how a session went', ...answer, body: RatingPut } },
    (request) => plans.rate(actorOf(request), request.params.id, request.body),
  );
  app.post(
    '/api/v1/sessions/:id/transfer',
    { config: supervise, schema: { summary: 'Hand a session to a colleague', ...answer, body: TransferPost } },
    (request) => plans.transfer(actorOf(request), request.params.id, request.body),
  );
}
