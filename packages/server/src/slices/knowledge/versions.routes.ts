import { Empty, Id, Page } from '@rapport/protocol/common';
import { VersionEvaluationList } from '@rapport/protocol/evaluations';
import { Document, DocumentVersionList } from '@rapport/protocol/knowledge';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { VersionService } from './versions.service.ts';

const read = { permission: 'knowledge.read' } as const;
const manage = { permission: 'knowledge.manage' } as const;
const DocumentParams = z.strictObject({ id: Id, documentId: Id });
const VersionParams = DocumentParams.extend({ version: z.coerce.number().int().min(1).max(1_000_000) });
const all = '/api/v1/knowledge-bases/:id/documents/:documentId/versions';
const one = `${all}/:version`;

export function versionRoutes(app: App, versions: VersionService) {
  app.get(
    all,
    {
      config: read,
      schema: {
        summary: 'Its versions',
        params: DocumentParams,
        querystring: Page,
        response: { 200: DocumentVersionList },
      },
    },
    (request) => versions.list(actorOf(request), request.params.id, request.params.documentId, request.query),
  );
  app.get(
    `${one}/evaluations`,
    {
      config: manage,
      schema: {
        summary: 'What each evaluation found with this version in the place of the one that was searched',
        params: VersionParams,
        querystring: Page,
        response: { 200: VersionEvaluationList },
      },
    },
    (request) => {
      const { id, documentId, version } = request.params;
      return versions.evaluations(actorOf(request), id, { documentId, version }, request.query);
    },
  );
  app.post(
    `${one}/publish`,
    {
      config: manage,
      schema: {
        summary: 'Search the version that waits in the place of the one before',
        params: VersionParams,
        body: Empty.strict().nullish(),
        response: { 200: Document },
      },
    },
    (request) => {
      const { id, documentId, version } = request.params;
      return versions.publish(actorOf(request), id, documentId, version);
    },
  );
  app.delete(
    one,
    {
      config: manage,
      schema: {
        summary: 'Delete an older version, or the one that waits: the one before is kept',
        params: VersionParams,
        response: { 200: Empty },
      },
    },
    async (request) => {
      const { id, documentId, version } = request.params;
      await versions.remove(actorOf(request), id, documentId, version);
      return {};
    },
  );
}
