import { Empty, IdParams, NamedPage, Page } from '@rapport/protocol/common';
import {
  Persona,
  PersonaCreate,
  PersonaList,
  PersonaPatch,
  PersonaVersion,
  PersonaVersionList,
} from '@rapport/protocol/personas';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { PersonaService } from './service.ts';

const PersonaQuery = NamedPage.extend({
  archived: z.enum(['true', 'false']).default('false').describe('true: archived personas too.'),
  published: z.enum(['true', 'false']).default('false').describe('true: only those a session can be started with.'),
});
const read = { permission: 'personas.read' } as const;
const author = { permission: 'personas.author' } as const;
const publish = { permission: 'personas.publish' } as const;

export function personaRoutes(app: App, personas: PersonaService) {
  app.get(
    '/api/v1/personas',
    {
      config: read,
      schema: { summary: 'List personas, newest first', querystring: PersonaQuery, response: { 200: PersonaList } },
    },
    (request) => {
      const { archived, published, ...query } = request.query;
      return personas.list(actorOf(request), {
        ...query,
        archived: archived === 'true',
        published: published === 'true',
      });
    },
  );
  app.post(
    '/api/v1/personas',
    {
      config: author,
      schema: { summary: 'Create a persona as a draft', body: PersonaCreate, response: { 201: Persona } },
    },
    async (request, reply) => reply.code(201).send(await personas.create(actorOf(request), request.body)),
  );
  app.get(
    '/api/v1/personas/:id',
    { config: read, schema: { summary: 'One persona with its draft', params: IdParams, response: { 200: Persona } } },
    (request) => personas.get(actorOf(request), request.params.id),
  );
  app.patch(
    '/api/v1/personas/:id',
    {
      config: author,
      schema: { summary: 'Change the draft', params: IdParams, body: PersonaPatch, response: { 200: Persona } },
    },
    (request) => personas.update(actorOf(request), request.params.id, request.body),
  );
  app.post(
    '/api/v1/personas/:id/publish',
    {
      config: publish,
      schema: {
        summary: 'Publish the draft as the next version',
        params: IdParams,
        body: Empty.strict().nullish(),
        response: { 201: PersonaVersion },
      },
    },
    async (request, reply) => reply.code(201).send(await personas.publish(actorOf(request), request.params.id)),
  );
  app.get(
    '/api/v1/personas/:id/versions',
    {
      config: read,
      schema: {
        summary: 'Published versions',
        params: IdParams,
        querystring: Page,
        response: { 200: PersonaVersionList },
      },
    },
    (request) => personas.versions(actorOf(request), request.params.id, request.query),
  );
}
