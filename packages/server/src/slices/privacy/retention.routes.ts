import { Empty, Page } from '@rapport/protocol/common';
import {
  RetentionParams,
  RetentionPreview,
  RetentionPreviewQuery,
  RetentionPut,
  RetentionRules,
  RetentionRunList,
  RetentionRunNow,
} from '@rapport/protocol/retention';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { RetentionService } from './retention.service.ts';

const read = { permission: 'privacy.read' } as const;
const manage = { permission: 'privacy.manage' } as const;

export function retentionRoutes(app: App, retention: RetentionService) {
  app.get(
    '/api/v1/privacy/retention',
    { config: read, schema: { summary: 'For how long what is kept', response: { 200: RetentionRules } } },
    async (request) => ({ items: await retention.rules(actorOf(request)) }),
  );
  app.get(
    '/api/v1/privacy/retention/runs',
    {
      config: read,
      schema: {
        summary: 'What was deleted when, newest first',
        querystring: Page,
        response: { 200: RetentionRunList },
      },
    },
    (request) => retention.runs(actorOf(request), request.query),
  );
  app.get(
    '/api/v1/privacy/retention/:category/preview',
    {
      config: read,
      schema: {
        summary: 'What a run would delete now',
        params: RetentionParams,
        querystring: RetentionPreviewQuery,
        response: { 200: RetentionPreview },
      },
    },
    (request) => retention.preview(actorOf(request), request.params.category, request.query.days),
  );
  app.put(
    '/api/v1/privacy/retention/:category',
    {
      config: manage,
      schema: {
        summary: 'Set for how many days a category is kept',
        params: RetentionParams,
        body: RetentionPut,
        response: { 200: RetentionRules },
      },
    },
    async (request) => ({
      items: await retention.put(actorOf(request), request.params.category, request.body),
    }),
  );
  app.post(
    '/api/v1/privacy/retention/:category/run',
    {
      config: manage,
      schema: {
        summary: 'Delete now what is too old',
        params: RetentionParams,
        body: RetentionRunNow,
        response: { 202: Empty },
      },
    },
    async (request, reply) => {
      await retention.runNow(actorOf(request), request.params.category, request.body.expected);
      return reply.code(202).send({});
    },
  );
}
