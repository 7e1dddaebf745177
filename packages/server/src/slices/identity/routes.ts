import { Empty } from '@rapport/protocol/common';
import { Me, OrganisationPatch, OwnerPassword, Setup, SetupState } from '@rapport/protocol/setup';
import { actorOf, type App } from '../../platform/http/server.ts';
import type { IdentityService } from './service.ts';

const open = { permission: 'public' } as const;
const signedIn = { permission: 'signed-in' } as const;
const beforeSecondFactor = { ...signedIn, beforeSecondFactor: true } as const;
const ownAccount = { permission: 'own-account' } as const;
const manage = { permission: 'organisation.manage' } as const;

export function identityRoutes(app: App, identity: IdentityService) {
  setupRoutes(app, identity);
  app.get(
    '/api/v1/me',
    { config: beforeSecondFactor, schema: { summary: 'Who is asking', response: { 200: Me } } },
    (request) => identity.me(actorOf(request)),
  );
  app.put(
    '/api/v1/me/password',
    {
      config: ownAccount,
      schema: { summary: 'Set one’s own password', body: OwnerPassword, response: { 200: Empty } },
    },
    async (request) => {
      await identity.setPassword(actorOf(request), request.body, request.cookies);
      return {};
    },
  );
  app.patch(
    '/api/v1/organisation',
    { config: manage, schema: { summary: 'Change the organisation', body: OrganisationPatch, response: { 200: Me } } },
    (request) => identity.patchOrganisation(actorOf(request), request.body),
  );
}

function setupRoutes(app: App, identity: IdentityService) {
  app.get(
    '/api/v1/setup',
    { config: open, schema: { summary: 'Whether this server is set up', response: { 200: SetupState } } },
    () => identity.state(),
  );
  app.post(
    '/api/v1/setup',
    { config: open, schema: { summary: 'Set this server up, once', body: Setup, response: { 201: Me } } },
    async (request, reply) => reply.code(201).send(await identity.setup(request.body)),
  );
}
