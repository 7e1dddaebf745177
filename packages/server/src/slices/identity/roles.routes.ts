import { Empty, IdParams, Page } from '@rapport/protocol/common';
import {
  Role,
  RoleCreate,
  RoleList,
  RolePatch,
  Team,
  TeamList,
  TeamMembers,
  TeamWrite,
} from '@rapport/protocol/members';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { RoleService } from './roles.service.ts';
import type { TeamService } from './teams.service.ts';

const read = { permission: 'members.read' } as const;
const manageRoles = { permission: 'roles.manage' } as const;
const manageTeams = { permission: 'teams.manage' } as const;

export function roleRoutes(app: App, roles: RoleService) {
  app.get(
    '/api/v1/roles',
    { config: read, schema: { summary: 'List roles and what they allow', response: { 200: RoleList } } },
    (request) => roles.list(actorOf(request)),
  );
  app.post(
    '/api/v1/roles',
    { config: manageRoles, schema: { summary: 'Make a role', body: RoleCreate, response: { 201: Role } } },
    async (request, reply) => reply.code(201).send(await roles.create(actorOf(request), request.body)),
  );
  app.patch(
    '/api/v1/roles/:id',
    {
      config: manageRoles,
      schema: { summary: 'Change a role', params: IdParams, body: RolePatch, response: { 200: Role } },
    },
    (request) => roles.update(actorOf(request), request.params.id, request.body),
  );
  app.delete(
    '/api/v1/roles/:id',
    {
      config: manageRoles,
      schema: { summary: 'Delete a role that nobody has', params: IdParams, response: { 200: Empty } },
    },
    async (request) => {
      await roles.remove(actorOf(request), request.params.id);
      return {};
    },
  );
}

export function teamRoutes(app: App, teams: TeamService) {
  app.get(
    '/api/v1/teams',
    { config: read, schema: { summary: 'List teams, newest first', querystring: Page, response: { 200: TeamList } } },
    (request) => teams.list(actorOf(request), request.query),
  );
  app.post(
    '/api/v1/teams',
    { config: manageTeams, schema: { summary: 'Make a team', body: TeamWrite, response: { 201: Team } } },
    async (request, reply) => reply.code(201).send(await teams.create(actorOf(request), request.body.name)),
  );
  app.patch(
    '/api/v1/teams/:id',
    {
      config: manageTeams,
      schema: { summary: 'Rename a team', params: IdParams, body: TeamWrite, response: { 200: Team } },
    },
    (request) => teams.rename(actorOf(request), request.params.id, request.body.name),
  );
  app.put(
    '/api/v1/teams/:id/members',
    {
      config: manageTeams,
      schema: { summary: 'Choose who belongs to a team', params: IdParams, body: TeamMembers, response: { 200: Team } },
    },
    (request) => teams.setMembers(actorOf(request), request.params.id, request.body.memberIds),
  );
  app.delete(
    '/api/v1/teams/:id',
    { config: manageTeams, schema: { summary: 'Delete a team', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await teams.remove(actorOf(request), request.params.id);
      return {};
    },
  );
}
