import { Empty, IdParams, Page } from '@rapport/protocol/common';
import {
  Member,
  MemberInvitationAccept,
  MemberInvitationAccepted,
  MemberInvitationCreate,
  MemberInvitationCreated,
  MemberInvitationList,
  MemberInvitationView,
  MemberList,
  MemberPatch,
  MemberQuery,
} from '@rapport/protocol/members';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { MemberInvitationService } from './memberInvitations.service.ts';
import type { MemberService } from './members.service.ts';

const read = { permission: 'members.read' } as const;
const manage = { permission: 'members.manage' } as const;
const open = { permission: 'public' } as const;
const TokenParams = z.object({ token: z.string().max(200) });

export function memberRoutes(app: App, members: MemberService, invitations: MemberInvitationService) {
  app.get(
    '/api/v1/members',
    {
      config: read,
      schema: { summary: 'List members by name', querystring: MemberQuery, response: { 200: MemberList } },
    },
    (request) => members.list(actorOf(request), request.query),
  );
  app.get(
    '/api/v1/members/:id',
    { config: read, schema: { summary: 'One member', params: IdParams, response: { 200: Member } } },
    (request) => members.get(actorOf(request), request.params.id),
  );
  app.patch(
    '/api/v1/members/:id',
    {
      config: manage,
      schema: {
        summary: 'Change a member’s name, address, roles, or disable them',
        params: IdParams,
        body: MemberPatch,
        response: { 200: Member },
      },
    },
    (request) => members.update(actorOf(request), request.params.id, request.body),
  );
  app.delete(
    '/api/v1/members/:id',
    { config: manage, schema: { summary: 'Remove a member', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await members.remove(actorOf(request), request.params.id);
      return {};
    },
  );
  app.delete(
    '/api/v1/members/:id/logins',
    { config: manage, schema: { summary: 'Sign a member out everywhere', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await members.endLogins(actorOf(request), request.params.id);
      return {};
    },
  );
  app.post(
    '/api/v1/members/:id/reset-factors',
    {
      config: manage,
      schema: {
        summary: 'Remove a member’s second factor and passkeys, and sign them out everywhere',
        params: IdParams,
        response: { 200: Empty },
      },
    },
    async (request) => {
      await members.resetFactors(actorOf(request), request.params.id);
      return {};
    },
  );
  invitationRoutes(app, invitations);
  acceptanceRoutes(app, invitations);
}

function invitationRoutes(app: App, invitations: MemberInvitationService) {
  app.post(
    '/api/v1/member-invitations',
    {
      config: manage,
      schema: {
        summary: 'Invite somebody into the team',
        body: MemberInvitationCreate,
        response: { 201: MemberInvitationCreated },
      },
    },
    async (request, reply) => {
      const origin = `${request.protocol}://${request.host}`;
      return reply.code(201).send(await invitations.create(actorOf(request), request.body, origin));
    },
  );
  app.get(
    '/api/v1/member-invitations',
    {
      config: manage,
      schema: {
        summary: 'List invitations into the team, newest first',
        querystring: Page,
        response: { 200: MemberInvitationList },
      },
    },
    (request) => invitations.list(actorOf(request), request.query),
  );
  app.delete(
    '/api/v1/member-invitations/:id',
    {
      config: manage,
      schema: { summary: 'Withdraw an invitation into the team', params: IdParams, response: { 200: Empty } },
    },
    async (request) => {
      await invitations.revoke(actorOf(request), request.params.id);
      return {};
    },
  );
}

/** For whoever holds the link, before they can sign in. */
function acceptanceRoutes(app: App, invitations: MemberInvitationService) {
  app.get(
    '/api/v1/join-team/:token',
    {
      config: open,
      schema: {
        summary: 'What an invitation into a team is for',
        params: TokenParams,
        response: { 200: MemberInvitationView },
      },
    },
    (request) => invitations.view(request.params.token),
  );
  app.post(
    '/api/v1/join-team/:token',
    {
      config: open,
      schema: {
        summary: 'Join a team: sets name and password, once',
        params: TokenParams,
        body: MemberInvitationAccept,
        response: { 201: MemberInvitationAccepted },
      },
    },
    async (request, reply) => reply.code(201).send(await invitations.accept(request.params.token, request.body)),
  );
}
