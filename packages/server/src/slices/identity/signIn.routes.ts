import { Empty, IdParams } from '@rapport/protocol/common';
import { SignIn } from '@rapport/protocol/setup';
import * as p from '@rapport/protocol/signIn';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { AppError } from '../../platform/errors.ts';
import { actorOf, type App } from '../../platform/http/server.ts';
import { sessionCookies } from './authenticator.ts';
import { authPath } from './logins.shared.ts';
import type { Caller, LoginAnswer } from './logins.service.ts';
import type { SignInService } from './signIn.service.ts';

const open = { permission: 'public', idempotency: 'none' } as const;
const own = { permission: 'own-account', beforeSecondFactor: true, idempotency: 'none' } as const;
const manage = { permission: 'security.manage' } as const;

type OriginOf = (request: FastifyRequest) => string;

const callerOf = (originOf: OriginOf, request: FastifyRequest): Caller => ({
  origin: originOf(request),
  address: request.ip,
  cookie: request.headers.cookie,
  userAgent: request.headers['user-agent'],
});

const keepCookies = (reply: FastifyReply, { cookies }: LoginAnswer): FastifyReply =>
  cookies.length > 0 ? reply.header('set-cookie', cookies) : reply;

export function signInRoutes(app: App, signIn: SignInService, originOf: OriginOf) {
  passwordRoutes(app, signIn, originOf);
  letterRoutes(app, signIn, originOf);
  secondFactorRoutes(app, signIn, originOf);
  passkeyRoutes(app, signIn, originOf);
  providerRoutes(app, signIn, originOf);
  ownRoutes(app, signIn);
  settingsRoutes(app, signIn, originOf);
}

/** A step of the sign-in library: what it is asked, and which part of its answer goes on. */
interface Step {
  method: 'GET' | 'POST';
  path: string;
  summary: string;
  config: typeof open | typeof own;
  body?: z.ZodType;
  answer?: z.ZodType;
  sendsLetter?: boolean;
  /** What the library would tell of things of somebody else's. */
  before?: (request: FastifyRequest) => Promise<void>;
}

const noRequest = z.undefined().or(z.null()).or(z.strictObject({}));

function step(app: App, signIn: SignInService, originOf: OriginOf, { method, path, summary, config, ...more }: Step) {
  const { body, answer = Empty, sendsLetter = false, before } = more;
  app.route({
    method,
    url: `${authPath}${path}`,
    config,
    schema: { summary, ...(method === 'POST' ? { body: body ?? noRequest } : {}), response: { 200: answer } },
    handler: async (request, reply) => {
      if (sendsLetter) signIn.requireLetters();
      await before?.(request);
      const asked = method === 'POST' ? { body: request.body ?? {} } : {};
      const answered = await signIn.ask(callerOf(originOf, request), { method, path, ...asked });
      return keepCookies(reply, answered).send(answered.body ?? {});
    },
  });
}

function passwordRoutes(app: App, signIn: SignInService, originOf: OriginOf) {
  app.get(
    '/api/v1/sign-in',
    { config: open, schema: { summary: 'What the sign-in page offers', response: { 200: p.SignInOptions } } },
    () => signIn.options(),
  );
  app.post(
    '/api/v1/sign-in',
    {
      config: open,
      schema: { summary: 'Sign in with e-mail or name, and password', body: SignIn, response: { 200: p.SignInStep } },
    },
    async (request, reply) => {
      const answer = await signIn.signIn(request.body, callerOf(originOf, request));
      return keepCookies(reply, answer).send({ secondFactor: answer.secondFactor });
    },
  );
  app.post(
    '/api/v1/sign-out',
    { config: open, schema: { summary: 'Sign out on this device', response: { 200: Empty } } },
    async (request, reply) => {
      await signIn.signOut(request.cookies);
      for (const name of sessionCookies) {
        void reply.clearCookie(name, { path: '/', httpOnly: true, sameSite: 'strict', secure: name.startsWith('__') });
      }
      return reply.send({});
    },
  );
}

function letterRoutes(app: App, signIn: SignInService, originOf: OriginOf) {
  const add = (one: Step) => step(app, signIn, originOf, one);
  add({
    method: 'POST',
    path: '/sign-in/magic-link',
    summary: 'Have a link for signing in sent by e-mail',
    config: open,
    body: p.LinkRequest,
    sendsLetter: true,
  });
  add({
    method: 'POST',
    path: '/request-password-reset',
    summary: 'Have a link for a new password sent by e-mail',
    config: open,
    body: p.LinkRequest,
    sendsLetter: true,
  });
  add({
    method: 'POST',
    path: '/reset-password',
    summary: 'Set a new password with the token of a link; signs out everywhere',
    config: open,
    body: p.PasswordReset,
  });
  add({
    method: 'POST',
    path: '/change-email',
    summary: 'Have a link sent that makes this one’s e-mail address',
    config: own,
    body: p.EmailChange,
    sendsLetter: true,
  });
  const withToken = (path: string, summary: string, answer: (body: unknown) => p.SignInStep) =>
    app.post(
      `${authPath}${path}`,
      { config: open, schema: { summary, body: p.LinkQuery, response: { 200: p.SignInStep } } },
      async (request, reply) => {
        const { token } = request.body;
        const answered = await signIn.ask(callerOf(originOf, request), { method: 'GET', path, query: { token } });
        // The library answers a browser that follows a link; here a page asks.
        if (answered.location?.includes('error=')) throw new AppError('link-gone');
        return keepCookies(reply, answered).send(answer(answered.body));
      },
    );
  withToken('/magic-link/verify', 'Sign in with the token of a link', (body) => ({
    secondFactor: Boolean(body && typeof body === 'object' && 'twoFactorRedirect' in body),
  }));
  withToken('/verify-email', 'Confirm an e-mail address with the token of a link', () => ({ secondFactor: false }));
}

function secondFactorRoutes(app: App, signIn: SignInService, originOf: OriginOf) {
  const add = (one: Omit<Step, 'method'>) => step(app, signIn, originOf, { method: 'POST', ...one });
  add({
    path: '/two-factor/verify-totp',
    summary: 'Go on signing in, or finish setting up, with a code of the authenticator app',
    config: open,
    body: p.CodeCheck,
  });
  add({
    path: '/two-factor/verify-backup-code',
    summary: 'Go on signing in with a recovery code',
    config: open,
    body: p.CodeCheck,
  });
  add({
    path: '/two-factor/enable',
    summary: 'Begin to set up an authenticator app',
    config: own,
    body: p.PasswordConfirm,
    answer: p.SecondFactorSetUp,
  });
  add({
    path: '/two-factor/disable',
    summary: 'Turn the second factor off',
    config: own,
    body: p.PasswordConfirm,
  });
  add({
    path: '/two-factor/generate-backup-codes',
    summary: 'Replace the recovery codes',
    config: own,
    body: p.PasswordConfirm,
    answer: p.RecoveryCodes,
  });
}

function passkeyRoutes(app: App, signIn: SignInService, originOf: OriginOf) {
  const add = (one: Step) => step(app, signIn, originOf, one);
  add({
    method: 'GET',
    path: '/passkey/generate-authenticate-options',
    summary: 'What the browser needs to sign in with a passkey',
    config: open,
    answer: z.looseObject({}),
  });
  add({
    method: 'POST',
    path: '/passkey/verify-authentication',
    summary: 'Sign in with a passkey',
    config: open,
    body: p.PasskeyAnswer,
  });
  add({
    method: 'GET',
    path: '/passkey/generate-register-options',
    summary: 'What the browser needs to make a passkey',
    config: own,
    answer: z.looseObject({}),
  });
  add({
    method: 'POST',
    path: '/passkey/verify-registration',
    summary: 'Keep a new passkey',
    config: own,
    body: p.PasskeyNew,
  });
  add({
    method: 'POST',
    path: '/passkey/delete-passkey',
    summary: 'Remove a passkey',
    config: own,
    body: p.PasskeyRemove,
    before: (request) => signIn.requireOwnPasskey(actorOf(request), p.PasskeyRemove.parse(request.body).id),
  });
}

const CallbackQuery = z.object({
  code: z.string().max(4096).optional(),
  state: z.string().max(512).optional(),
  iss: z.string().max(500).optional(),
  error: z.string().max(200).optional(),
});

function providerRoutes(app: App, signIn: SignInService, originOf: OriginOf) {
  app.post(
    `${authPath}/sign-in/social`,
    {
      config: open,
      schema: {
        summary: 'Begin to sign in with an organisation’s OpenID provider',
        body: p.ProviderStart,
        response: { 200: p.ProviderRedirect },
      },
    },
    async (request, reply) => {
      const { provider } = request.body;
      const answer = await signIn.ask(callerOf(originOf, request), {
        method: 'POST',
        path: '/sign-in/social',
        body: { provider, callbackURL: '/', errorCallbackURL: '/sign-in', disableRedirect: true },
        provider,
      });
      return keepCookies(reply, answer).send(p.ProviderRedirect.parse(answer.body));
    },
  );
  app.get(
    `${authPath}/callback/:id`,
    {
      config: open,
      schema: {
        summary: 'Where an OpenID provider sends the browser back',
        params: IdParams,
        querystring: CallbackQuery,
      },
    },
    async (request, reply) => {
      const query = Object.fromEntries(
        Object.entries(request.query).filter((pair): pair is [string, string] => pair[1] !== undefined),
      );
      const { id } = request.params;
      const answer = await signIn
        .ask(callerOf(originOf, request), { method: 'GET', path: `/callback/${id}`, query, provider: id })
        .catch((error: unknown) => {
          // A person looks at a page here, not a program at an answer.
          if (error instanceof AppError && error.status < 500)
            return { cookies: [], location: `/sign-in?error=${error.code}`, body: null };
          throw error;
        });
      return keepCookies(reply, answer).redirect(answer.location ?? '/sign-in');
    },
  );
}

function ownRoutes(app: App, signIn: SignInService) {
  app.get(
    '/api/v1/me/sign-in',
    {
      config: own,
      schema: { summary: 'How one signs in, and where one is signed in', response: { 200: p.OwnSignIn } },
    },
    (request) => signIn.ownSignIn(actorOf(request), request.cookies),
  );
  app.get(
    '/api/v1/me/organisations',
    {
      config: own,
      schema: {
        summary: 'The organisations one’s sign-in belongs to',
        response: { 200: z.object({ items: z.array(p.OwnOrganisation) }) },
      },
    },
    async (request) => ({ items: await signIn.ownOrganisations(actorOf(request), request.cookies) }),
  );
  app.put(
    '/api/v1/me/organisation',
    {
      config: own,
      schema: { summary: 'Go on in another organisation', body: p.OrganisationSwitch, response: { 200: Empty } },
    },
    async (request) => {
      await signIn.switchOrganisation(actorOf(request), request.cookies, request.body.organisationId);
      return {};
    },
  );
  app.delete(
    '/api/v1/me/logins/:id',
    { config: own, schema: { summary: 'Sign out on one device', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await signIn.revokeSession(actorOf(request), request.params.id);
      return {};
    },
  );
  app.delete(
    '/api/v1/me/logins',
    { config: own, schema: { summary: 'Sign out everywhere but here', response: { 200: Empty } } },
    async (request) => {
      await signIn.revokeOthers(actorOf(request), request.cookies);
      return {};
    },
  );
  app.get(
    '/api/v1/mailbox',
    {
      config: manage,
      schema: { summary: 'What would have been sent, without a mail server', response: { 200: p.Mailbox } },
    },
    (request) => signIn.mailbox(actorOf(request)),
  );
}

function settingsRoutes(app: App, signIn: SignInService, originOf: OriginOf) {
  app.get(
    '/api/v1/organisation/sign-in',
    {
      config: manage,
      schema: { summary: 'What the organisation asks of a sign-in', response: { 200: p.SignInPolicy } },
    },
    (request) => signIn.policy(actorOf(request)),
  );
  app.put(
    '/api/v1/organisation/sign-in',
    {
      config: manage,
      schema: { summary: 'Require a second factor, or not', body: p.SignInPolicy, response: { 200: p.SignInPolicy } },
    },
    (request) => signIn.setPolicy(actorOf(request), request.body),
  );
  app.get(
    '/api/v1/identity-providers',
    {
      config: manage,
      schema: {
        summary: 'The organisation’s OpenID providers',
        response: { 200: z.object({ items: z.array(p.IdentityProvider) }) },
      },
    },
    (request) => signIn.listProviders(actorOf(request), originOf(request)),
  );
  app.post(
    '/api/v1/identity-providers',
    {
      config: manage,
      schema: {
        summary: 'Add an OpenID provider',
        body: p.IdentityProviderCreate,
        response: { 201: p.IdentityProvider },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await signIn.addProvider(actorOf(request), request.body, originOf(request))),
  );
  app.delete(
    '/api/v1/identity-providers/:id',
    { config: manage, schema: { summary: 'Remove an OpenID provider', params: IdParams, response: { 200: Empty } } },
    async (request) => {
      await signIn.removeProvider(actorOf(request), request.params.id);
      return {};
    },
  );
}
