import { Id } from '@rapport/protocol/common';
import { PersonImported, SubjectKind } from '@rapport/protocol/privacy';
import type { FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { sendFile } from '../../platform/http/files.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { ExportService, PersonFile } from './export.service.ts';
import { archiveBytes } from './import.read.ts';
import type { ImportService } from './import.service.ts';

const SubjectParams = z.strictObject({ kind: SubjectKind, id: Id });

const send = (reply: FastifyReply, { name, body }: PersonFile) =>
  sendFile(reply, { name, type: 'application/zip', body });

/** What is stored about somebody, out as one archive and in again. */
export function archiveRoutes(app: App, { exports, imports }: { exports: ExportService; imports: ImportService }) {
  app.get(
    '/api/v1/privacy/records/:kind/:id/export',
    {
      config: { permission: 'privacy.manage', rate: 'heavy' },
      schema: {
        summary: 'Everything stored about a client, as JSON, Markdown and PDF in a zip',
        params: SubjectParams,
      },
    },
    async (request, reply) => send(reply, await exports.ofSubject(actorOf(request), request.params)),
  );
  app.get(
    '/api/v1/me/record/export',
    {
      config: { permission: 'own-record', rate: 'heavy' },
      schema: { summary: 'What is stored about me, as JSON, Markdown and PDF in a zip' },
    },
    async (request, reply) => send(reply, await exports.own(actorOf(request))),
  );
  // In a scope of its own: nowhere else is a zip archive a body.
  void app.register((plain, _options, done) => {
    const scope = plain.withTypeProvider<ZodTypeProvider>();
    scope.addContentTypeParser('application/zip', { parseAs: 'buffer' }, (_request, body, next) => next(null, body));
    scope.post(
      '/api/v1/privacy/imports',
      {
        // Sent again it makes nobody twice: the archive itself is the key.
        config: { permission: 'privacy.manage', idempotency: 'own', rate: 'heavy', longBody: true },
        bodyLimit: archiveBytes,
        schema: { summary: 'Bring a client in from an exported zip', response: { 201: PersonImported } },
      },
      async (request, reply) => {
        if (!Buffer.isBuffer(request.body))
          throw new AppError('unsupported-media-type', { detail: 'Send the archive as application/zip.' });
        return reply.code(201).send(await imports.importPerson(actorOf(request), request.body));
      },
    );
    done();
  });
}
