import { Empty } from '@rapport/protocol/common';
import { DemoCreated } from '@rapport/protocol/setup';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { DemoService } from './service.ts';

export function demoRoutes(app: App, demo: DemoService) {
  app.post(
    '/api/v1/demo',
    {
      config: { permission: 'organisation.manage' },
      schema: { summary: 'Add the demo organisation', body: Empty.strict().nullish(), response: { 201: DemoCreated } },
    },
    async (request, reply) => reply.code(201).send(await demo.create(actorOf(request))),
  );
}
