import { Empty } from '@rapport/protocol/common';
import { Me, OrganisationPatch, OwnerPassword, Setup, SetupState, SignIn } from '@rapport/protocol/setup';
import type { FastifyRequest } from 'fastify';
import { actorOf, type App } from '../../platform/http/server.ts';
import { signInSeconds } from './accounts.ts';
import { sessionCookie } from './authenticator.ts';
import type { IdentityService } from './service.ts';

const open = { permission: 'public' } as const;
const signedIn = { permission: 'signed-in' } as const;
const ownAccount = { permission: 'own-account' } as const;
const manage = { permission: 'organisation.manage' } as const;

export function identityRoutes(app: App, identity: IdentityService, options: { publicUrl: string | null }) {
  setupRoutes(app, identity);
  signInRoutes(app, identity, options.publicUrl?.startsWith('https:') ?? false);
  app.get('/api/v1/me', { config: signedIn, schema: { summary: 'Who is asking', response: { 200: Me } } }, (request) =>
    identity.me(actorOf(request)),
  );
  app.put(
    '/api/v1/me/password',
    {
      config: ownAccount,
      schema: { summary: 'Set one’s own password', body: OwnerPassword, response: { 200: Empty } },
    },
    async (request) => {
      await identity.setPassword(actorOf(request), request.body, request.cookies[sessionCookie]);
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

function signInRoutes(app: App, identity: IdentityService, publicHttps: boolean) {
  // The proxy that ends TLS speaks plain HTTP to this server, so the public address counts too.
  const cookieOptions = (request: FastifyRequest) => ({
    httpOnly: true,
    sameSite: 'strict' as const,
    path: '/',
    secure: publicHttps || request.protocol === 'https',
  });
  app.post(
    '/api/v1/sign-in',
    { config: open, schema: { summary: 'Sign in with name and password', body: SignIn, response: { 200: Me } } },
    async (request, reply) => {
      const { token, me } = await identity.signIn(request.body);
      return reply.setCookie(sessionCookie, token, { ...cookieOptions(request), maxAge: signInSeconds }).send(me);
    },
  );
  app.post(
    '/api/v1/sign-out',
    { config: open, schema: { summary: 'Sign out on this device', response: { 200: Empty } } },
    async (request, reply) => {
      await identity.signOut(request.cookies[sessionCookie]);
      return reply.clearCookie(sessionCookie, cookieOptions(request)).send({});
    },
  );
}
