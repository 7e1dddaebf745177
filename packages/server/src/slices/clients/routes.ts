import { Client, ClientCreate, ClientList, ClientPatch, ClientQuery } from '@rapport/protocol/clients';
import { IdParams } from '@rapport/protocol/common';
import { Assignments, AssignmentsPut } from '@rapport/protocol/members';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { AssignmentService } from './assignments.service.ts';
import type { ClientService } from './service.ts';

const read = { permission: 'clients.read' } as const;
const manage = { permission: 'clients.manage' } as const;
const assign = { permission: 'caseload.manage' } as const;

export function clientRoutes(app: App, clients: ClientService, assignments: AssignmentService) {
  assignmentRoutes(app, assignments);
  app.get(
    '/api/v1/clients',
    {
      config: read,
      schema: { summary: 'List clients, newest first', querystring: ClientQuery, response: { 200: ClientList } },
    },
    (request) => clients.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/clients',
    { config: manage, schema: { summary: 'Create a client', body: ClientCreate, response: { 201: Client } } },
    async (request, reply) => reply.code(201).send(await clients.create(actorOf(request), request.body)),
  );
  app.get(
    '/api/v1/clients/:id',
    { config: read, schema: { summary: 'One client', params: IdParams, response: { 200: Client } } },
    (request) => clients.get(actorOf(request), request.params.id),
  );
  app.patch(
    '/api/v1/clients/:id',
    {
      config: manage,
      schema: { summary: 'Change a client', params: IdParams, body: ClientPatch, response: { 200: Client } },
    },
    (request) => clients.update(actorOf(request), request.params.id, request.body),
  );
}

function assignmentRoutes(app: App, assignments: AssignmentService) {
  app.get(
    '/api/v1/clients/:id/assignments',
    {
      config: read,
      schema: { summary: 'Who looks after a client', params: IdParams, response: { 200: Assignments } },
    },
    (request) => assignments.get(actorOf(request), request.params.id),
  );
  app.put(
    '/api/v1/clients/:id/assignments',
    {
      config: assign,
      schema: {
        summary: 'Assign a client to members and teams',
        params: IdParams,
        body: AssignmentsPut,
        response: { 200: Assignments },
      },
    },
    (request) => assignments.put(actorOf(request), request.params.id, request.body),
  );
}
