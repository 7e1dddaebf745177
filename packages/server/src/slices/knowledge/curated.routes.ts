import { Empty, Id, IdParams } from '@rapport/protocol/common';
import { CuratedAnswer, CuratedCreate, CuratedList, CuratedQuery } from '@rapport/protocol/curated';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { CuratedService } from './curated.service.ts';

const answers = '/api/v1/knowledge-bases/:id/curated-answers';
const manage = { permission: 'knowledge.manage' } as const;

export function curatedRoutes(app: App, curated: CuratedService) {
  app.get(
    answers,
    {
      config: { permission: 'knowledge.read' },
      schema: {
        summary: 'List the approved answers, newest first',
        params: IdParams,
        querystring: CuratedQuery,
        response: { 200: CuratedList },
      },
    },
    (request) => curated.list(actorOf(request), request.params.id, request.query),
  );
  app.post(
    answers,
    {
      config: manage,
      schema: {
        summary: 'Approve an answer to a question',
        params: IdParams,
        body: CuratedCreate,
        response: { 201: CuratedAnswer },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await curated.approve(actorOf(request), request.params.id, request.body)),
  );
  app.delete(
    `${answers}/:answerId`,
    {
      config: manage,
      schema: {
        summary: 'Revoke an approved answer: it answers nothing any more',
        params: z.strictObject({ id: Id, answerId: Id }),
        response: { 200: Empty },
      },
    },
    async (request) => {
      await curated.revoke(actorOf(request), request.params.id, request.params.answerId);
      return {};
    },
  );
}
