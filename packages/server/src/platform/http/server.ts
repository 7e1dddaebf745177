import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import helmet from '@fastify/helmet';
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Permission } from '@rapport/protocol/permissions';
import type { Actor } from '../actor.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { answerError, answerUnreadable } from './problem.ts';
import type { RequestLimits } from './rateLimits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission;
    /** Open to a member who has yet to set up the second factor that the organisation requires. */
    beforeSecondFactor?: boolean;
  }
  interface FastifyRequest {
    actor: Actor | null;
  }
}

export interface HttpOptions {
  log: Logger;
  bodyLimit: number;
  /** Whose request this is; null when nobody is signed in. Throws AppError for a token that is not good. */
  authenticate(request: FastifyRequest): Promise<Actor | null>;
  /** Whether the actor has the permission a route declares. */
  allows(actor: Actor | null, permission: Permission): boolean;
  limits: Pick<RequestLimits, 'beforeSignIn' | 'afterSignIn'>;
  /** Proxies whose word about the client's address counts. */
  trustProxy: string[];
  /** Refuses requests that a foreign web page or a rebound name could have caused. */
  checkOrigin(request: IncomingMessage, unsafe: boolean): boolean;
}

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

const contentSecurityPolicy = {
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    fontSrc: ["'self'"],
    connectSrc: ["'self'"],
    manifestSrc: ["'self'"],
    workerSrc: ["'self'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
  },
};

/** The HTTP server without any route: schemas, security headers, origin check, authentication, errors. */
export function createHttp(options: HttpOptions): App {
  const app: App = Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimit,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 200 },
    trustProxy: options.trustProxy.length > 0 ? options.trustProxy : false,
    requestTimeout: 60_000,
    forceCloseConnections: true,
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  }).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerError);
  refuseBrokenUtf8(app);
  app.decorateRequest('actor', null);
  void app.register(helmet, {
    contentSecurityPolicy,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  });
  void app.register(cookie);
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Rapport', version: '1', description: 'AI personas under human supervision.' },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
      security: [{ bearer: [] }],
    },
    transform: jsonSchemaTransform,
  });
  requirePermissions(app);
  guard(app, options);
  return app;
}

/** Decoded without a look, broken bytes would be stored as replacement characters, and what they were is lost. */
function refuseBrokenUtf8(app: App) {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (!isUtf8(body)) return done(new AppError('malformed-utf8'));
    void parse(request, body.toString(), done);
  });
}

/** A route without a declared permission stops the server from starting. */
function requirePermissions(app: App) {
  const routes: { method: unknown; url: string; config?: { permission?: Permission } }[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  // Not in onRoute itself: a plugin's routes are given their permission by a hook of ours that runs after this one.
  app.addHook('onReady', async () => {
    const open = routes.find((route) => !route.config?.permission);
    if (open) throw new Error(`${String(open.method)} ${open.url} declares no permission`);
  });
}

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

function guard(app: App, options: HttpOptions) {
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    if (!options.checkOrigin(request.raw, !safeMethods.has(request.method))) throw new AppError('foreign-origin');
    options.limits.beforeSignIn(request);
    const permission = request.routeOptions.config.permission;
    if (!permission) return;
    if (permission === 'public') return;
    request.actor = await options.authenticate(request);
    if (!request.actor) throw new AppError('sign-in-required');
    options.limits.afterSignIn(request, request.actor);
    if (options.allows(request.actor, permission)) return;
    // A client must not learn which staff routes exist; members of a team know that there are others' tasks.
    if (request.actor.kind === 'client') throw new AppError('not-found');
    throw new AppError('forbidden', { detail: `This needs the permission ${permission}.` });
  });
}

/** The actor of a request to a route that is not public. */
export function actorOf(request: FastifyRequest): Actor {
  if (!request.actor) throw new AppError('sign-in-required');
  return request.actor;
}
