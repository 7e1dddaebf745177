import {
  BreakGlassClientQuery,
  BreakGlassClients,
  BreakGlassCreate,
  BreakGlassGrant,
  BreakGlassList,
  BreakGlassQuery,
} from '@rapport/protocol/breakGlass';
import { Empty, IdParams } from '@rapport/protocol/common';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { BreakGlassService } from './breakGlass.service.ts';

const open = { permission: 'clients.break-glass' } as const;
const config = { permission: 'clients.read' } as const;

export function breakGlassRoutes(app: App, breakGlass: BreakGlassService) {
  app.post(
    '/api/v1/break-glass',
    {
      config: open,
      schema: {
        summary: 'Access for a while, with a reason, to a client outside one’s caseload',
        body: BreakGlassCreate,
        response: { 201: BreakGlassGrant },
      },
    },
    async (request, reply) => reply.code(201).send(await breakGlass.open(actorOf(request), request.body)),
  );
  app.get(
    '/api/v1/break-glass/clients',
    {
      config: open,
      schema: {
        summary: 'Find a client by their whole name, also outside one’s caseload',
        querystring: BreakGlassClientQuery,
        response: { 200: BreakGlassClients },
      },
    },
    (request) => breakGlass.find(actorOf(request), request.query.name),
  );
  app.get(
    '/api/v1/break-glass',
    {
      config,
      schema: {
        summary: 'Break-glass accesses, newest first: everybody’s for who reviews them, else one’s own',
        querystring: BreakGlassQuery,
        response: { 200: BreakGlassList },
      },
    },
    (request) => breakGlass.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/break-glass/:id/end',
    {
      config,
      schema: {
        summary: 'End a break-glass access early',
        params: IdParams,
        body: Empty.strict().nullish(),
        response: { 200: BreakGlassGrant },
      },
    },
    (request) => breakGlass.end(actorOf(request), request.params.id),
  );
}
