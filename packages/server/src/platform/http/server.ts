import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import cookie from '@fastify/cookie';
import swagger from '@fastify/swagger';
import Fastify, { LogController, type FastifyBaseLogger, type FastifyError, type FastifyRequest } from 'fastify';
import {
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
  type ZodTypeProvider,
} from 'fastify-type-provider-zod';
import type { Permission } from '@rapport/protocol/permissions';
import type { Patience } from '../../config/config.ts';
import type { Actor, StaffActor } from '../actor.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { App } from './app.ts';
import { awaitBody, limitArrival } from './arrival.ts';
import { answerBadAddress, answerBrokenRequest, setSecurityHeaders } from './headers.ts';
import { readJsonOnly } from './json.ts';
import { answerError } from './problem.ts';
import type { RequestLimits } from './rateLimits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission;
    /** As good as the other; which of them is needed the service tells. */
    orPermission?: Permission;
    /** Open to a member who has yet to set up the second factor that the organisation requires. */
    beforeSecondFactor?: boolean;
    /** Asked by pages on their own: that somebody is there, it does not show. */
    unattended?: boolean;
  }
  interface FastifyRequest {
    actor: Actor | null;
  }
}

export interface HttpOptions {
  log: Logger;
  bodyLimit: number;
  patience: Patience;
  /** Whose request this is; null when nobody is signed in. Throws AppError for a token that is not good. */
  authenticate(request: FastifyRequest): Promise<Actor | null>;
  /** Whether the actor has the permission a route declares. */
  allows(actor: Actor | null, permission: Permission): boolean;
  /** Told of a member of the team who is refused, at the door or within a service, before they are told. Throws AppError. */
  refused(actor: StaffActor, permission: Permission | null): Promise<void>;
  limits: Pick<RequestLimits, 'beforeSignIn' | 'afterSignIn'>;
  /** Proxies whose word about the client's address counts. */
  trustProxy: string[];
  /** Refuses requests that a foreign web page or a rebound name could have caused. */
  checkOrigin(request: IncomingMessage, unsafe: boolean): boolean;
}

export type { App };

/** The HTTP server without any route: schemas, security headers, origin check, authentication, errors. */
export function createHttp(options: HttpOptions): App {
  const app: App = Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimit,
    genReqId: () => randomUUID(),
    routerOptions: { maxParamLength: 200 },
    trustProxy: options.trustProxy.length > 0 ? options.trustProxy : false,
    requestTimeout: 0,
    http: { headersTimeout: options.patience.headersMs, connectionsCheckingInterval: options.patience.lookEveryMs },
    clientErrorHandler: answerBrokenRequest,
    frameworkErrors(error, request, reply) {
      awaitBody(request.raw, reply.raw, options.patience.requestMs);
      void answerBadAddress(error, request, reply);
    },
    forceCloseConnections: true,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
  }).withTypeProvider<ZodTypeProvider>();

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(async (error: FastifyError, request, reply) => {
    const thrown = await noteRefusal(error, request, options.refused);
    return answerError(thrown, request, reply);
  });
  readJsonOnly(app);
  app.decorateRequest('actor', null);
  setSecurityHeaders(app);
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
  app.server.maxHeadersCount = 100;
  requirePermissions(app);
  limitArrival(app, options.patience.requestMs);
  guard(app, options);
  return app;
}

/** What is answered: the refusal itself, or that it could not be written down. */
async function noteRefusal(error: FastifyError | AppError, { actor }: FastifyRequest, refused: HttpOptions['refused']) {
  if (!(error instanceof AppError) || error.code !== 'forbidden' || actor?.kind !== 'staff') return error;
  return refused(actor, error.needs ?? null).then(
    () => error,
    (failure: Error) => failure,
  );
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
    const { orPermission } = request.routeOptions.config;
    if (orPermission && options.allows(request.actor, orPermission)) return;
    // A client must not learn which staff routes exist; members of a team know that there are others' tasks.
    if (request.actor.kind === 'client') throw new AppError('not-found');
    throw new AppError('forbidden', { detail: `This needs the permission ${permission}.`, needs: permission });
  });
}

/** The actor of a request to a route that is not public. */
export function actorOf(request: FastifyRequest): Actor {
  if (!request.actor) throw new AppError('sign-in-required');
  return request.actor;
}
