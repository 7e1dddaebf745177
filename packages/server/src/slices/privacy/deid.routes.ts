import { Empty, IdParams, Page } from '@rapport/protocol/common';
import { DeidCreate, DeidDecision, DeidExport, DeidExportList, DeidItemList } from '@rapport/protocol/deid';
import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { DeidService } from './deid.service.ts';

const prepare = { permission: 'research.export' } as const;
const review = { permission: 'research.review' } as const;
const read = { permission: 'research.read' } as const;

export function deidRoutes(app: App, deid: DeidService) {
  app.get(
    '/api/v1/privacy/deid-exports',
    {
      config: read,
      schema: {
        summary: 'De-identified exports, newest first',
        querystring: Page,
        response: { 200: DeidExportList },
      },
    },
    (request) => deid.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/privacy/deid-exports',
    {
      config: { ...prepare, rate: 'heavy' },
      schema: { summary: 'Prepare a de-identified export', body: DeidCreate, response: { 201: DeidExport } },
    },
    async (request, reply) => reply.code(201).send(await deid.create(actorOf(request), request.body)),
  );
  app.get(
    '/api/v1/privacy/deid-exports/:id/items',
    {
      config: review,
      schema: {
        summary: 'What was replaced, session by session',
        params: IdParams,
        querystring: Page,
        response: { 200: DeidItemList },
      },
    },
    (request) => deid.items(actorOf(request), request.params.id, request.query),
  );
  app.post(
    '/api/v1/privacy/deid-exports/:id/decision',
    {
      config: review,
      schema: {
        summary: 'Sign off or reject, as a second person',
        params: IdParams,
        body: DeidDecision,
        response: { 200: DeidExport },
      },
    },
    (request) => deid.decide(actorOf(request), request.params.id, request.body),
  );
  app.get(
    '/api/v1/privacy/deid-exports/:id/download',
    { config: read, schema: { summary: 'The approved export as a file', params: IdParams } },
    async (request, reply) => {
      const { name, body } = await deid.download(actorOf(request), request.params.id);
      return sendFile(reply, { name, type: 'application/json', body });
    },
  );
  app.delete(
    '/api/v1/privacy/deid-exports/:id',
    { config: prepare, schema: { summary: 'Delete an export', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await deid.remove(actorOf(request), request.params.id);
      return {};
    },
  );
}
