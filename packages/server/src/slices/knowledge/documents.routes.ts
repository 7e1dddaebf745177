import { Readable } from 'node:stream';
import { Empty, Id, IdParams } from '@rapport/protocol/common';
import {
  Document,
  DocumentCreate,
  DocumentList,
  DocumentPatch,
  DocumentQuery,
  DocumentReplace,
  DocumentsAdded,
  DocumentsChange,
  DocumentsChanged,
  DocumentText,
  Surroundings,
  SurroundingsQuery,
  VersionQuery,
} from '@rapport/protocol/knowledge';
import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import { partsOf, takeForms } from './forms.ts';
import type { KnowledgeService } from './service.ts';

const read = { permission: 'knowledge.read' } as const;
const manage = { permission: 'knowledge.manage' } as const;
/** What is read in the background, and what makes the server call an address. */
const upload = { ...manage, rate: 'upload' } as const;
const files = { ...upload, longBody: true } as const;
const forms = ['application/json', 'multipart/form-data'];
const DocumentParams = z.strictObject({ id: Id, documentId: Id });
const documentsPath = '/api/v1/knowledge-bases/:id/documents';
const one = `${documentsPath}/:documentId`;

/** What is being read later is answered as accepted. */
const send = (reply: FastifyReply, document: Document) =>
  reply.code(document.state === 'ready' ? 201 : 202).send(document);

export function documentRoutes(app: App, knowledge: KnowledgeService) {
  readRoutes(app, knowledge);
  furtherRoutes(app, knowledge);
  changeRoutes(app, knowledge);
  // In a scope of its own: nowhere else is a form a body.
  void app.register((plain, _options, done) => {
    uploadRoutes(plain.withTypeProvider<ZodTypeProvider>(), knowledge);
    done();
  });
}

function furtherRoutes(app: App, { documents }: KnowledgeService) {
  app.post(
    `${documentsPath}/changes`,
    {
      config: manage,
      schema: {
        summary: 'Delete, move or tag many documents',
        params: IdParams,
        body: DocumentsChange,
        response: { 200: DocumentsChanged },
      },
    },
    (request) => documents.changeMany(actorOf(request), request.params.id, request.body),
  );
  app.get(
    `${one}/surroundings`,
    {
      config: read,
      schema: {
        summary: 'What stands around a stretch of it, without the whole text',
        params: DocumentParams,
        querystring: SurroundingsQuery,
        response: { 200: Surroundings },
      },
    },
    (request) => documents.surroundings(actorOf(request), request.params.id, request.params.documentId, request.query),
  );
}

function uploadRoutes(app: App, knowledge: KnowledgeService) {
  const { uploads } = knowledge;
  takeForms(app, uploads.limits);
  app.post(
    documentsPath,
    {
      config: files,
      schema: {
        summary: 'Add pasted text or a web address as JSON, or files as a form (fields `folder`, `tags`, then files)',
        consumes: forms,
        params: IdParams,
        body: DocumentCreate,
        response: { 201: Document, 202: z.union([Document, DocumentsAdded]) },
      },
    },
    async (request, reply) => {
      const [actor, { id }] = [actorOf(request), request.params];
      if (!request.isMultipart()) return send(reply, await knowledge.documents.add(actor, id, request.body));
      return reply.code(202).send({ documents: await uploads.add(actor, id, partsOf(request)) });
    },
  );
  app.put(
    one,
    {
      config: files,
      schema: {
        summary: 'A new version: text or an address as JSON, or one file as a form',
        consumes: forms,
        params: DocumentParams,
        body: DocumentReplace,
        response: { 201: Document, 202: Document },
      },
    },
    async (request, reply) => {
      const [actor, { id, documentId }] = [actorOf(request), request.params];
      return send(
        reply,
        request.isMultipart()
          ? await uploads.replace(actor, id, documentId, partsOf(request))
          : await knowledge.documents.replace(actor, id, documentId, request.body),
      );
    },
  );
}

function readRoutes(app: App, { documents: service }: KnowledgeService) {
  app.get(
    documentsPath,
    {
      config: read,
      schema: {
        summary: 'List documents',
        params: IdParams,
        querystring: DocumentQuery,
        response: { 200: DocumentList },
      },
    },
    (request) => service.list(actorOf(request), request.params.id, request.query),
  );
  app.get(
    one,
    {
      config: read,
      schema: {
        summary: 'One document with its text',
        params: DocumentParams,
        querystring: VersionQuery,
        response: { 200: DocumentText },
      },
    },
    (request) => service.get(actorOf(request), request.params.id, request.params.documentId, request.query.version),
  );
  app.get(
    `${one}/file`,
    {
      config: read,
      schema: { summary: 'What was given, as a file', params: DocumentParams, querystring: VersionQuery },
    },
    async (request, reply) => {
      const { id, documentId } = request.params;
      const { name, content, bytes } = await service.file(actorOf(request), id, documentId, request.query.version);
      const body = typeof content === 'string' ? content : Readable.from(content);
      // Whoever waits for a long file sees how much of it is there.
      if (bytes !== null) void reply.header('content-length', bytes);
      return sendFile(reply, { name, type: 'application/octet-stream', body });
    },
  );
}

function changeRoutes(app: App, { documents: service }: KnowledgeService) {
  app.patch(
    one,
    {
      config: manage,
      schema: {
        summary: 'Rename, move or tag a document',
        params: DocumentParams,
        body: DocumentPatch,
        response: { 200: Document },
      },
    },
    (request) => service.change(actorOf(request), request.params.id, request.params.documentId, request.body),
  );
  app.post(
    `${one}/reprocess`,
    {
      config: upload,
      schema: { summary: 'Read it again', params: DocumentParams, response: { 202: Document } },
    },
    async (request, reply) =>
      reply.code(202).send(await service.reprocess(actorOf(request), request.params.id, request.params.documentId)),
  );
  app.delete(
    one,
    { config: manage, schema: { summary: 'Delete a document', params: DocumentParams, response: { 200: Empty } } },
    async (request) => {
      await service.remove(actorOf(request), request.params.id, request.params.documentId);
      return {};
    },
  );
}
