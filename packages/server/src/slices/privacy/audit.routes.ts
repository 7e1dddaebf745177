import { Readable } from 'node:stream';
import {
  AuditCheckpoint,
  AuditExportQuery,
  AuditList,
  AuditQuery,
  AuditState,
  AuditVerdict,
} from '@rapport/protocol/audit';
import { Empty } from '@rapport/protocol/common';
import { z } from 'zod';
import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { AuditService } from './audit.service.ts';

const config = { permission: 'audit.read' } as const;
const take = { permission: 'audit.export' } as const;
const noBody = Empty.strict().nullish();
const Signed = z.object({ checkpoint: AuditCheckpoint.nullable() });

export function auditRoutes(app: App, audit: AuditService) {
  app.get(
    '/api/v1/audit',
    {
      config,
      schema: { summary: 'Search the audit log, newest first', querystring: AuditQuery, response: { 200: AuditList } },
    },
    (request) => audit.search(actorOf(request), request.query),
  );
  app.get(
    '/api/v1/audit/export',
    {
      config: { ...take, rate: 'heavy' },
      schema: { summary: 'The audit log as CSV or JSON Lines', querystring: AuditExportQuery },
    },
    async (request, reply) => {
      const { name, type, lines } = await audit.export(actorOf(request), request.query);
      return sendFile(reply, { name, type, body: Readable.from(lines) });
    },
  );
  app.get(
    '/api/v1/audit/state',
    { config, schema: { summary: 'How far the log is signed and shipped', response: { 200: AuditState } } },
    (request) => audit.state(actorOf(request)),
  );
  app.post(
    '/api/v1/audit/verify',
    {
      config: { ...config, idempotency: 'none', rate: 'heavy' },
      schema: { summary: 'Check the whole log', body: noBody, response: { 200: AuditVerdict } },
    },
    (request) => audit.verify(actorOf(request)),
  );
  app.post(
    '/api/v1/audit/checkpoints',
    { config, schema: { summary: 'Sign and ship a checkpoint now', body: noBody, response: { 201: Signed } } },
    async (request, reply) => reply.code(201).send(await audit.checkpoint(actorOf(request))),
  );
}
