import { Empty, IdParams, NamedPage } from '@rapport/protocol/common';
import {
  KnowledgeBase,
  KnowledgeBaseCreate,
  KnowledgeBaseDetail,
  KnowledgeBaseList,
  KnowledgeBaseRemove,
  KnowledgeResults,
  KnowledgeSearch,
} from '@rapport/protocol/knowledge';
import { actorOf, type App } from '../../platform/http/server.ts';
import { curatedRoutes } from './curated.routes.ts';
import { documentRoutes } from './documents.routes.ts';
import { evaluationRoutes } from './evaluations.routes.ts';
import type { KnowledgeService } from './service.ts';
import { versionRoutes } from './versions.routes.ts';

const read = { permission: 'knowledge.read' } as const;
const manage = { permission: 'knowledge.manage' } as const;
const path = '/api/v1/knowledge-bases';

export function knowledgeRoutes(app: App, knowledge: KnowledgeService) {
  const { bases } = knowledge;
  app.get(
    path,
    {
      config: read,
      schema: { summary: 'List knowledge bases', querystring: NamedPage, response: { 200: KnowledgeBaseList } },
    },
    (request) => bases.list(actorOf(request), request.query),
  );
  app.post(
    path,
    {
      config: manage,
      schema: { summary: 'Create a knowledge base', body: KnowledgeBaseCreate, response: { 201: KnowledgeBase } },
    },
    async (request, reply) => reply.code(201).send(await bases.create(actorOf(request), request.body)),
  );
  app.get(
    `${path}/:id`,
    {
      config: read,
      schema: {
        summary: 'One knowledge base, and which personas use it',
        params: IdParams,
        response: { 200: KnowledgeBaseDetail },
      },
    },
    (request) => bases.get(actorOf(request), request.params.id),
  );
  app.post(
    `${path}/:id/search`,
    {
      config: { ...read, idempotency: 'none' },
      schema: {
        summary: 'Search the passages',
        params: IdParams,
        body: KnowledgeSearch,
        response: { 200: KnowledgeResults },
      },
    },
    (request) => knowledge.search(actorOf(request), request.params.id, request.body),
  );
  changeRoutes(app, knowledge);
  evaluationRoutes(app, knowledge.evaluations);
  versionRoutes(app, knowledge.versions);
  curatedRoutes(app, knowledge.curated);
  documentRoutes(app, knowledge);
}

function changeRoutes(app: App, { bases }: KnowledgeService) {
  app.put(
    `${path}/:id`,
    {
      config: manage,
      schema: {
        summary: 'Rename and describe it, and choose who may read it',
        params: IdParams,
        body: KnowledgeBaseCreate,
        response: { 200: KnowledgeBase },
      },
    },
    (request) => bases.replace(actorOf(request), request.params.id, request.body),
  );
  app.delete(
    `${path}/:id`,
    {
      config: manage,
      schema: {
        summary: 'Delete it with all its documents',
        params: IdParams,
        querystring: KnowledgeBaseRemove,
        response: { 200: Empty },
      },
    },
    async (request) => {
      await bases.remove(actorOf(request), request.params.id, request.query.force);
      return {};
    },
  );
}
