import { Empty, Id, IdParams, Page } from '@rapport/protocol/common';
import {
  InvitationAccept,
  InvitationAccepted,
  InvitationCreate,
  InvitationCreated,
  InvitationList,
  InvitationView,
} from '@rapport/protocol/sessions';
import { z } from 'zod';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { InvitationService } from './invitations.service.ts';

const config = { permission: 'sessions.supervise' } as const;
const InvitationParams = z.object({ id: Id, invitationId: Id });
const TokenParams = z.object({ token: z.string() });

export function invitationRoutes(app: App, invitations: InvitationService) {
  app.post(
    '/api/v1/sessions/:id/invitations',
    {
      config,
      schema: {
        summary: 'Invite a client into a session',
        params: IdParams,
        body: InvitationCreate.nullish(),
        response: { 201: InvitationCreated },
      },
    },
    async (request, reply) => {
      const origin = `${request.protocol}://${request.host}`;
      const created = await invitations.create(
        actorOf(request),
        request.params.id,
        request.body ?? InvitationCreate.parse({}),
        origin,
      );
      return reply.code(201).send(created);
    },
  );
  app.get(
    '/api/v1/sessions/:id/invitations',
    {
      config,
      schema: {
        summary: 'List a session’s invitations, newest first',
        params: IdParams,
        querystring: Page,
        response: { 200: InvitationList },
      },
    },
    (request) => invitations.list(actorOf(request), request.params.id, request.query),
  );
  app.delete(
    '/api/v1/sessions/:id/invitations/:invitationId',
    {
      config,
      schema: { summary: 'Withdraw an invitation', params: InvitationParams, response: { 200: Empty } },
    },
    async (request) => {
      await invitations.revoke(actorOf(request), request.params.id, request.params.invitationId);
      return {};
    },
  );
  app.get(
    '/api/v1/invitations/:token',
    {
      config: { permission: 'public' },
      schema: { summary: 'What an invitation is to', params: TokenParams, response: { 200: InvitationView } },
    },
    (request) => invitations.view(request.params.token),
  );
  app.post(
    '/api/v1/invitations/:token/accept',
    {
      config: { permission: 'public' },
      schema: {
        summary: 'Accept an invitation',
        params: TokenParams,
        body: InvitationAccept.nullish(),
        response: { 200: InvitationAccepted },
      },
    },
    (request) => invitations.accept(request.params.token, request.body ?? {}),
  );
}
