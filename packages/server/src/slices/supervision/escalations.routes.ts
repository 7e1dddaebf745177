import { Empty, IdParams, Page } from '@rapport/protocol/common';
import {
  Escalation,
  EscalationList,
  EscalationQuery,
  EscalationResolve,
  FlagList,
  Safety,
  SafetySettings,
  SafetyTextParams,
  SafetyTextPublish,
} from '@rapport/protocol/safety';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { EscalationService } from './escalations.service.ts';
import type { SafetyService } from './safety.service.ts';

const read = { permission: 'sessions.follow' } as const;
const supervise = { permission: 'sessions.supervise' } as const;
const manage = { permission: 'safety.manage' } as const;

export function escalationRoutes(app: App, escalations: EscalationService, safety: SafetyService) {
  app.get(
    '/api/v1/escalations',
    {
      config: read,
      schema: { summary: 'Who needs a person', querystring: EscalationQuery, response: { 200: EscalationList } },
    },
    (request) => escalations.list(actorOf(request), request.query),
  );
  app.get(
    '/api/v1/sessions/:id/flags',
    {
      config: read,
      schema: { summary: 'What the risk gate found', params: IdParams, querystring: Page, response: { 200: FlagList } },
    },
    (request) => escalations.flags(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/escalations/:id/acknowledge',
    {
      config: supervise,
      schema: {
        summary: 'Say that one takes care of it',
        params: IdParams,
        body: Empty.strict().nullish(),
        response: { 200: Escalation },
      },
    },
    (request) => escalations.acknowledge(actorOf(request), request.params.id),
  );
  app.post(
    '/api/v1/escalations/:id/resolve',
    {
      config: supervise,
      schema: {
        summary: 'Close an acknowledged escalation',
        params: IdParams,
        body: EscalationResolve,
        response: { 200: Escalation },
      },
    },
    (request) => escalations.resolve(actorOf(request), request.params.id, request.body.note),
  );
  safetyRoutes(app, safety);
}

function safetyRoutes(app: App, safety: SafetyService) {
  app.get(
    '/api/v1/safety',
    {
      config: { permission: 'sessions.read' },
      schema: { summary: 'Deadlines, texts and rules of the crisis path', response: { 200: Safety } },
    },
    (request) => safety.get(actorOf(request)),
  );
  app.put(
    '/api/v1/safety',
    { config: manage, schema: { summary: 'Set deadlines', body: SafetySettings, response: { 200: Safety } } },
    (request) => safety.put(actorOf(request), request.body),
  );
  app.post(
    '/api/v1/safety/texts/:kind',
    {
      config: manage,
      schema: {
        summary: 'Publish a new version of a fixed text, in all its languages',
        params: SafetyTextParams,
        body: SafetyTextPublish,
        response: { 200: Safety },
      },
    },
    (request) => safety.publish(actorOf(request), request.params.kind, request.body.texts),
  );
}
