import {
  ScimDocument,
  ScimGroup,
  ScimGroupWrite,
  scimListOf,
  ScimPatch,
  ScimQuery,
  scimSchemas,
  ScimUser,
  ScimUserWrite,
} from '@rapport/protocol/scim';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AppError } from '../../platform/errors.ts';
import { asAppError } from '../../platform/http/problem.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import { discovery } from './scim.documents.ts';
import type { ScimUserService } from './scim.service.ts';
import type { ScimGroupService } from './scimGroups.service.ts';

const root = '/api/v1/scim/v2';
const mediaType = 'application/scim+json';
const config = { permission: 'members.provision' } as const;
const Params = z.object({ id: z.string().max(200) });
const Nothing = z.null().describe('Nothing is answered.');
const tags = ['SCIM'];
const consumes = [mediaType];
const produces = [mediaType];

type OriginOf = (request: FastifyRequest) => string;

const scimTypes: Record<string, string> = { '/filter': 'invalidFilter', '/path': 'invalidPath' };

function scimTypeOf({ code, errors }: AppError): string | undefined {
  if (code === 'taken') return 'uniqueness';
  if (code === 'malformed-json') return 'invalidSyntax';
  if (code !== 'invalid-body') return undefined;
  const pointer = errors?.[0]?.pointer ?? '';
  return scimTypes[pointer] ?? (pointer.endsWith('/path') ? 'noTarget' : 'invalidValue');
}

/** RFC 7644, 3.12. The reason of a 5xx stays in the log. */
function answerScimError(error: FastifyError | AppError | Error, request: FastifyRequest, reply: FastifyReply) {
  const known = asAppError(error);
  if (known.status >= 500) request.log.error({ err: error, id: request.id }, known.code);
  if (known.retryAfterSeconds) void reply.header('retry-after', known.retryAfterSeconds);
  const scimType = scimTypeOf(known);
  const fields = known.errors?.map(({ pointer, message }) => `${pointer}: ${message}`).join(' ');
  return reply
    .code(known.status)
    .type(mediaType)
    .serializer(JSON.stringify)
    .send({
      schemas: [scimSchemas.error],
      status: String(known.status),
      ...(scimType ? { scimType } : {}),
      detail: fields || known.message,
    });
}

const open = { config, errorHandler: answerScimError };
const told = (summary: string) => ({ summary, tags, consumes, produces });

/** SCIM 2.0 (RFC 7643, RFC 7644): a directory keeps members and teams as it has them. */
export function scimRoutes(app: App, users: ScimUserService, groups: ScimGroupService, originOf: OriginOf) {
  const baseOf: OriginOf = (request) => `${originOf(request)}${root}`;
  discoveryRoutes(app, baseOf);
  userRoutes(app, users, baseOf);
  groupRoutes(app, groups, baseOf);
}

function discoveryRoutes(app: App, baseOf: OriginOf) {
  const add = (path: string, summary: string, document: (base: string) => { schemas: string[] }) =>
    app.get(
      `${root}/${path}`,
      { ...open, schema: { summary, tags, produces, response: { 200: ScimDocument } } },
      (request, reply) => {
        void reply.type(mediaType);
        return document(baseOf(request));
      },
    );
  add('ServiceProviderConfig', 'What this server’s SCIM can do', discovery.config);
  add('ResourceTypes', 'What SCIM keeps here', discovery.resourceTypes);
  add('Schemas', 'Which attributes SCIM keeps here', discovery.schemas);
}

function userRoutes(app: App, users: ScimUserService, baseOf: OriginOf) {
  const [all, one] = [`${root}/Users`, `${root}/Users/:id`];
  const listed = { querystring: ScimQuery, response: { 200: scimListOf(ScimUser) } };
  app.get(all, { ...open, schema: { ...told('List users'), ...listed } }, async (request, reply) =>
    reply.type(mediaType).send(await users.list(actorOf(request), request.query, baseOf(request))),
  );
  app.post(
    all,
    { ...open, schema: { ...told('Add a user'), body: ScimUserWrite, response: { 201: ScimUser } } },
    async (request, reply) => {
      const made = await users.create(actorOf(request), request.body, baseOf(request));
      return reply.code(201).header('location', made.meta.location).type(mediaType).send(made);
    },
  );
  const answer = { params: Params, response: { 200: ScimUser } };
  app.get(one, { ...open, schema: { ...told('One user'), ...answer } }, async (request, reply) =>
    reply.type(mediaType).send(await users.get(actorOf(request), request.params.id, baseOf(request))),
  );
  app.put(
    one,
    { ...open, schema: { ...told('Replace a user'), ...answer, body: ScimUserWrite } },
    async (request, reply) => {
      const { params, body } = request;
      return reply.type(mediaType).send(await users.replace(actorOf(request), params.id, body, baseOf(request)));
    },
  );
  app.patch(
    one,
    { ...open, schema: { ...told('Change a user, or deactivate them'), ...answer, body: ScimPatch } },
    async (request, reply) => {
      const { params, body } = request;
      return reply
        .type(mediaType)
        .send(await users.patch(actorOf(request), params.id, body.Operations, baseOf(request)));
    },
  );
  app.delete(
    one,
    { ...open, schema: { ...told('Remove a user'), params: Params, response: { 204: Nothing } } },
    async (request, reply) => {
      await users.remove(actorOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function groupRoutes(app: App, groups: ScimGroupService, baseOf: OriginOf) {
  const [all, one] = [`${root}/Groups`, `${root}/Groups/:id`];
  const listed = { querystring: ScimQuery, response: { 200: scimListOf(ScimGroup) } };
  app.get(all, { ...open, schema: { ...told('List groups'), ...listed } }, async (request, reply) =>
    reply.type(mediaType).send(await groups.list(actorOf(request), request.query, baseOf(request))),
  );
  app.post(
    all,
    { ...open, schema: { ...told('Add a group'), body: ScimGroupWrite, response: { 201: ScimGroup } } },
    async (request, reply) => {
      const made = await groups.create(actorOf(request), request.body, baseOf(request));
      return reply.code(201).header('location', made.meta.location).type(mediaType).send(made);
    },
  );
  const answer = { params: Params, response: { 200: ScimGroup } };
  app.get(
    one,
    { ...open, schema: { ...told('One group'), ...answer, querystring: ScimQuery } },
    async (request, reply) => {
      const { params, query } = request;
      return reply.type(mediaType).send(await groups.get(actorOf(request), params.id, query, baseOf(request)));
    },
  );
  app.put(
    one,
    { ...open, schema: { ...told('Replace a group'), ...answer, body: ScimGroupWrite } },
    async (request, reply) => {
      const { params, body } = request;
      return reply.type(mediaType).send(await groups.replace(actorOf(request), params.id, body, baseOf(request)));
    },
  );
  app.patch(
    one,
    { ...open, schema: { ...told('Change a group, or who is in it'), ...answer, body: ScimPatch } },
    async (request, reply) => {
      const { params, body } = request;
      return reply
        .type(mediaType)
        .send(await groups.patch(actorOf(request), params.id, body.Operations, baseOf(request)));
    },
  );
  app.delete(
    one,
    { ...open, schema: { ...told('Remove a group'), params: Params, response: { 204: Nothing } } },
    async (request, reply) => {
      await groups.remove(actorOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}
