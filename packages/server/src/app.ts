import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type pg from 'pg';
import type { Config } from './config/config.ts';
import { connectDatabase, type Connected } from './platform/db/connect.ts';
import type { Database } from './platform/db/db.ts';
import { AppError } from './platform/errors.ts';
import { serveDocs } from './platform/http/docs.ts';
import { honourIdempotencyKeys } from './platform/http/idempotency.ts';
import { createOriginCheck } from './platform/http/origin.ts';
import { createHttp, type App } from './platform/http/server.ts';
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
import { scrubTables } from './platform/db/scrub.ts';
import { archiveRoutes } from './slices/privacy/archive.routes.ts';
import { ownRecordRoutes } from './slices/privacy/own.routes.ts';
import { privacyRoutes } from './slices/privacy/routes.ts';
import { createPrivacyService } from './slices/privacy/service.ts';
import { roomRoutes } from './slices/rooms/routes.ts';
import { createRoomService } from './slices/rooms/service.ts';
import { createLiveSocket } from './slices/rooms/socket.ts';
import { createSessionAccess } from './slices/sessions/access.ts';
import { createConversationService } from './slices/sessions/conversation.service.ts';
import { createReplyHandler } from './slices/sessions/replies.ts';
import { sessionRoutes } from './slices/sessions/routes.ts';
import { createSessionService } from './slices/sessions/service.ts';
import { createTranscriptService } from './slices/sessions/transcript.service.ts';

export interface AppOptions {
  config: Config;
  /** The login that owns the tables, or may make them. */
  database: pg.PoolConfig;
  /** Names this server among those on the same database. */
  node?: string;
}

export interface RunningApp {
  url: string;
  port: number;
  close(): Promise<void>;
}

type Services = ReturnType<typeof createServices>;

/** The parts that know no domain. */
function createPlatform({ config, database, node = randomUUID() }: AppOptions, { db, keyring, app }: Connected) {
  const log = createLogger(config.logLevel);
  const wake = createWake(db, app, node, log);
  return { config, node, log, keyring, db, wake, owner: database, hub: createHub(db, wake, log) };
}

/** The services in the order in which they may know each other; what would point backwards is handed in as a hook. */
function createServices(platform: ReturnType<typeof createPlatform>) {
  const { config, node, log, keyring, db, wake, hub } = platform;
  const providers = createProviderService({ db, config });
  const identity = createIdentityService({ db, keyring, config, ...providers.setupSteps });
  const generations = createGenerationService({ db, hub, wake, node, log, tokenFrameMs: config.tokenFrameMs });
  const knowledge = createKnowledgeService({ db });
  const personas = createPersonaService({ db, knowledge, allowTitles: identity.allowsTitles });
  const clients = createClientService({ db, keyring });
  const access = createSessionAccess({ db, hub });
  const conversations = createConversationService({ db, access, personas, providers, generations });
  const sessions = createSessionService({ db, access, conversations, personas, clients, providers });
  const invitations = createInvitationService({
    db,
    config,
    onRevoked: identity.forget,
    onAccepted: async (tx, { orgId, sessionId, alias, first }) => {
      if (first) await sessions.joined(tx, orgId, sessionId, alias);
    },
  });
  const transcripts = createTranscriptService({ sessions, conversations });
  const rooms = createRoomService({ db, hub, wake, generations, sessions, conversations });
  const privacy = createPrivacyService({
    ...platform,
    dataDir: config.dataDir,
    scrub: (tables) => scrubTables(platform.owner, tables),
    endSession: sessions.close,
    standIn: personas.standIn,
    forget: () => {
      identity.forget();
      hub.check();
    },
  });
  const demo = createDemoService({ personas, knowledge, clients });
  generations.handle(createReplyHandler({ db, log, personas, providers, knowledge, access, conversations }));
  return {
    providers,
    identity,
    generations,
    knowledge,
    personas,
    clients,
    sessions,
    conversations,
    invitations,
    transcripts,
    rooms,
    privacy,
    demo,
  };
}

function addRoutes(app: App, config: Config, db: Database, services: Services, closing: AbortSignal) {
  serveDocs(app);
  opsRoutes(app, db, closing);
  identityRoutes(app, services.identity, config);
  invitationRoutes(app, services.invitations);
  providerRoutes(app, services.providers);
  knowledgeRoutes(app, services.knowledge);
  personaRoutes(app, services.personas);
  clientRoutes(app, services.clients);
  sessionRoutes(app, services);
  roomRoutes(app, services.rooms, {
    closing,
    stillAllowed: ({ headers, cookies, ip }) =>
      services.identity.authenticate({ authorization: headers.authorization, cookies, remoteAddress: ip }).then(
        (actor) => actor !== null,
        (error: unknown) => !(error instanceof AppError && error.status === 401),
      ),
  });
  privacyRoutes(app, services.privacy);
  ownRecordRoutes(app, services.privacy);
  archiveRoutes(app, services.privacy);
  demoRoutes(app, services.demo);
  serveWeb(app, config.webRoot);
}

/** Builds the server and serves it. On close: running replies are finished or marked, then sockets, then the database. */
export async function startApp(options: AppOptions): Promise<RunningApp> {
  const { config } = options;
  const platform = createPlatform(options, await connectDatabase(config, options.database));
  const { db, hub, wake, log, node } = platform;
  const services = createServices(platform);
  const { identity, generations, providers, rooms, privacy } = services;
  const closing = new AbortController();
  const checkOrigin = createOriginCheck(config);
  const app = createHttp({
    log,
    bodyLimit: config.bodyLimit,
    checkOrigin,
    allows,
    authenticate: ({ headers, cookies, ip }) =>
      identity.authenticate({ authorization: headers.authorization, cookies, remoteAddress: ip }),
  });
  await app.after();
  honourIdempotencyKeys(app, { db, log });
  addRoutes(app, config, db, services, closing.signal);

  await identity.ensurePreset();
  await identity.requireOwnerPasswordFor(config);
  await wake.start();
  hub.start();
  await privacy.erasures.start();
  await generations.start();
  await providers.start(({ message }) => log.warn({ err: message }, 'what runs GGUF files could not be installed'));
  const live = createLiveSocket({
    server: app.server,
    rooms,
    node,
    log,
    checkOrigin: (request) => checkOrigin(request, true),
    authenticate: ({ headers, socket }, token) =>
      identity.authenticate({
        authorization: token === undefined ? undefined : `Bearer ${token}`,
        cookies: app.parseCookie(headers.cookie ?? ''),
        remoteAddress: socket.remoteAddress,
      }),
  });
  await app.listen({ host: config.host, port: config.port });
  const { port } = app.server.address() as AddressInfo;

  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    async close() {
      closing.abort();
      privacy.erasures.stop();
      await generations.stopAll();
      providers.stop();
      live.close();
      await app.close();
      hub.stop();
      await wake.stop();
      await db.close();
    },
  };
}
