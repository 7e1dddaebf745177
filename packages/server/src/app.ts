import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import type { Config } from './config/config.ts';
import { plainCodec } from './platform/codec.ts';
import { openDatabase } from './platform/db/db.ts';
import { migrate } from './platform/db/migrate.ts';
import { serveDocs } from './platform/http/docs.ts';
import { createOriginCheck } from './platform/http/origin.ts';
import { createHttp } from './platform/http/server.ts';
import { serveWeb } from './platform/http/web.ts';
import { createLogger } from './platform/logger.ts';
import { createHub } from './platform/realtime/hub.ts';
import { createWake } from './platform/realtime/wake.ts';
import { clientRoutes } from './slices/clients/routes.ts';
import { createClientService } from './slices/clients/service.ts';
import { demoRoutes } from './slices/demo/routes.ts';
import { createDemoService } from './slices/demo/service.ts';
import { invitationRoutes } from './slices/identity/invitations.routes.ts';
import { allows } from './slices/identity/permissions.ts';
import { identityRoutes } from './slices/identity/routes.ts';
import { createInvitationService } from './slices/identity/invitations.service.ts';
import { createIdentityService } from './slices/identity/service.ts';
import { createGenerationService } from './slices/inference/generations.service.ts';
import { providerRoutes } from './slices/inference/providers.routes.ts';
import { createProviderService } from './slices/inference/providers.service.ts';
import { knowledgeRoutes } from './slices/knowledge/routes.ts';
import { createKnowledgeService } from './slices/knowledge/service.ts';
import { opsRoutes } from './slices/ops/routes.ts';
import { personaRoutes } from './slices/personas/routes.ts';
import { createPersonaService } from './slices/personas/service.ts';
import { roomRoutes } from './slices/rooms/routes.ts';
import { createRoomService } from './slices/rooms/service.ts';
import { createLiveSocket } from './slices/rooms/socket.ts';
import { createReplyHandler } from './slices/sessions/replies.ts';
import { sessionRoutes } from './slices/sessions/routes.ts';
import { createSessionService } from './slices/sessions/service.ts';
import { createTranscriptService } from './slices/sessions/transcript.service.ts';

export interface AppOptions {
  config: Config;
  database: pg.PoolConfig;
  /** Names this server among those on the same database. */
  node?: string;
}

export interface RunningApp {
  url: string;
  port: number;
  close(): Promise<void>;
}

/**
 * Builds the services in the order in which they may know each other, and serves them. Nothing is started twice or
 * stopped out of order here: sockets close first, running replies are finished or marked, then the database goes.
 */
export async function startApp({ config, database, node = randomUUID() }: AppOptions): Promise<RunningApp> {
  const log = createLogger(config.logLevel);
  const db = openDatabase(database, plainCodec);
  await migrate(db);
  const wake = createWake(db, database, node, log);
  const hub = createHub(db, wake, log);
  const closing = new AbortController();

  const providers = createProviderService({ db, config });
  const identity = createIdentityService({ db, config, ...providers.setupSteps });
  const generations = createGenerationService({ db, hub, wake, node, log, tokenFrameMs: config.tokenFrameMs });
  const knowledge = createKnowledgeService({ db });
  const personas = createPersonaService({ db, knowledge, allowTitles: identity.allowsTitles });
  const clients = createClientService({ db });
  const demo = createDemoService({ db, personas, knowledge, clients });
  const sessions = createSessionService({ db, hub, personas, clients, providers, generations });
  const invitations = createInvitationService({
    db,
    config,
    onRevoked: identity.forget,
    onAccepted: async (tx, { orgId, sessionId, alias, first }) => {
      if (first) await sessions.joined(tx, orgId, sessionId, alias);
    },
  });
  const transcripts = createTranscriptService({ sessions });
  const rooms = createRoomService({ db, hub, generations, sessions });
  generations.handle(createReplyHandler({ db, log, personas, clients, providers, knowledge, generations, sessions }));

  const checkOrigin = createOriginCheck(config);
  const app = createHttp({
    log,
    bodyLimit: config.bodyLimit,
    checkOrigin,
    allows,
    authenticate: (request) =>
      identity.authenticate({
        authorization: request.headers.authorization,
        cookies: request.cookies,
        remoteAddress: request.ip,
      }),
  });
  await app.after();
  serveDocs(app);
  opsRoutes(app, db, closing.signal);
  identityRoutes(app, identity, config);
  invitationRoutes(app, invitations);
  providerRoutes(app, providers);
  knowledgeRoutes(app, knowledge);
  personaRoutes(app, personas);
  clientRoutes(app, clients);
  demoRoutes(app, demo);
  sessionRoutes(app, sessions, transcripts);
  roomRoutes(app, rooms, closing.signal);
  serveWeb(app, config.webRoot);

  await identity.ensurePreset();
  await identity.requireOwnerPasswordFor(config);
  await wake.start();
  hub.start();
  await generations.start();
  const live = createLiveSocket({
    server: app.server,
    rooms,
    node,
    log,
    checkOrigin: (request) => checkOrigin(request, true),
    authenticate: (request, token) =>
      identity.authenticate({
        authorization: token === undefined ? undefined : `Bearer ${token}`,
        cookies: app.parseCookie(request.headers.cookie ?? ''),
        remoteAddress: request.socket.remoteAddress,
      }),
  });
  await app.listen({ host: config.host, port: config.port });
  const { port } = app.server.address() as AddressInfo;

  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    async close() {
      closing.abort();
      await generations.stopAll();
      live.close();
      await app.close();
      hub.stop();
      await wake.stop();
      await db.close();
    },
  };
}
