import { Empty, Id, IdParams, NamedPage, Page } from '@rapport/protocol/common';
import {
  Document,
  DocumentCreate,
  DocumentList,
  DocumentText,
  KnowledgeBase,
  KnowledgeBaseCreate,
  KnowledgeBaseList,
  KnowledgeResults,
  KnowledgeSearch,
} from '@rapport/protocol/knowledge';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { KnowledgeService } from './service.ts';

const read = { permission: 'knowledge.read' } as const;
const manage = { permission: 'knowledge.manage' } as const;
const DocumentParams = z.strictObject({ id: Id, documentId: Id });
const bases = '/api/v1/knowledge-bases';

export function knowledgeRoutes(app: App, knowledge: KnowledgeService) {
  app.get(
    bases,
    {
      config: read,
      schema: { summary: 'List knowledge bases', querystring: NamedPage, response: { 200: KnowledgeBaseList } },
    },
    (request) => knowledge.listBases(actorOf(request), request.query),
  );
  app.post(
    bases,
    {
      config: manage,
      schema: { summary: 'Create a knowledge base', body: KnowledgeBaseCreate, response: { 201: KnowledgeBase } },
    },
    async (request, reply) => reply.code(201).send(await knowledge.createBase(actorOf(request), request.body.name)),
  );
  app.get(
    `${bases}/:id`,
    { config: read, schema: { summary: 'One knowledge base', params: IdParams, response: { 200: KnowledgeBase } } },
    (request) => knowledge.getBase(actorOf(request), request.params.id),
  );
  app.post(
    `${bases}/:id/search`,
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
  documentRoutes(app, knowledge);
}

function documentRoutes(app: App, knowledge: KnowledgeService) {
  const documents = `${bases}/:id/documents`;
  app.get(
    documents,
    {
      config: read,
      schema: { summary: 'List documents', params: IdParams, querystring: Page, response: { 200: DocumentList } },
    },
    (request) => knowledge.listDocuments(actorOf(request), request.params.id, request.query),
  );
  app.post(
    documents,
    {
      config: manage,
      schema: { summary: 'Add a document', params: IdParams, body: DocumentCreate, response: { 201: Document } },
    },
    async (request, reply) =>
      reply.code(201).send(await knowledge.addDocument(actorOf(request), request.params.id, request.body)),
  );
  app.get(
    `${documents}/:documentId`,
    {
      config: read,
      schema: { summary: 'One document with its text', params: DocumentParams, response: { 200: DocumentText } },
    },
    (request) => knowledge.getDocument(actorOf(request), request.params.id, request.params.documentId),
  );
  app.delete(
    `${documents}/:documentId`,
    { config: manage, schema: { summary: 'Delete a document', params: DocumentParams, response: { 200: Empty } } },
    async (request) => {
      await knowledge.deleteDocument(actorOf(request), request.params.id, request.params.documentId);
      return {};
    },
  );
}
