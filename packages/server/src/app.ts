import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { RateLimits } from '@rapport/protocol/limits';
import type pg from 'pg';
import type { Config } from './config/config.ts';
import { connectDatabase, type Connected } from './platform/db/connect.ts';
import { scrubTables } from './platform/db/scrub.ts';
import type { Database } from './platform/db/db.ts';
import { serveDocs } from './platform/http/docs.ts';
import { honourIdempotencyKeys } from './platform/http/idempotency.ts';
import { createOriginCheck, createOriginOf } from './platform/http/origin.ts';
import { createAddressOf, createRequestLimits } from './platform/http/rateLimits.ts';
import { createHttp, type App } from './platform/http/server.ts';
import { serveWeb } from './platform/http/web.ts';
import { createLimiter } from './platform/limits/limiter.ts';
import { createLogger } from './platform/logger.ts';
import { createMail } from './platform/mail/mail.ts';
import { createOutgoing, type Outgoing } from './platform/net/outgoing.ts';
import { createHub } from './platform/realtime/hub.ts';
import { createWake } from './platform/realtime/wake.ts';
import { createAssignmentService } from './slices/clients/assignments.service.ts';
import { clientRoutes } from './slices/clients/routes.ts';
import { createClientService } from './slices/clients/service.ts';
import { demoRoutes } from './slices/demo/routes.ts';
import { createDemoService } from './slices/demo/service.ts';
import { apiKeyRoutes } from './slices/identity/apiKeys.routes.ts';
import { createApiKeyService } from './slices/identity/apiKeys.service.ts';
import { invitationRoutes } from './slices/identity/invitations.routes.ts';
import { createMemberInvitationService, invitationLetter } from './slices/identity/memberInvitations.service.ts';
import { memberRoutes } from './slices/identity/members.routes.ts';
import { createMemberService } from './slices/identity/members.service.ts';
import { allows } from './slices/identity/permissions.ts';
import { identityRoutes } from './slices/identity/routes.ts';
import { roleRoutes, teamRoutes } from './slices/identity/roles.routes.ts';
import { createRoleService } from './slices/identity/roles.service.ts';
import { createInvitationService } from './slices/identity/invitations.service.ts';
import { createLoginService } from './slices/identity/logins.service.ts';
import { createIdentityService, ownerNeedsNoSignIn, type IdentityService } from './slices/identity/service.ts';
import { signInRoutes } from './slices/identity/signIn.routes.ts';
import { createSignInService } from './slices/identity/signIn.service.ts';
import { createTeamService } from './slices/identity/teams.service.ts';
import { budgetRoutes } from './slices/inference/budgets.routes.ts';
import { createBudgetService } from './slices/inference/budgets.service.ts';
import { createGenerationService } from './slices/inference/generations.service.ts';
import { providerRoutes } from './slices/inference/providers.routes.ts';
import { createProviderService, type ProviderService } from './slices/inference/providers.service.ts';
import { knowledgeRoutes } from './slices/knowledge/routes.ts';
import { createKnowledgeService } from './slices/knowledge/service.ts';
import { opsRoutes } from './slices/ops/routes.ts';
import { personaRoutes } from './slices/personas/routes.ts';
import { createPersonaService } from './slices/personas/service.ts';
import { archiveRoutes } from './slices/privacy/archive.routes.ts';
import { consentRoutes } from './slices/privacy/consents.routes.ts';
import { createConsentService } from './slices/privacy/consents.service.ts';
import { deidRoutes } from './slices/privacy/deid.routes.ts';
import { createDeidService } from './slices/privacy/deid.service.ts';
import { heldSubjects } from './slices/privacy/holds.store.ts';
import { ownRecordRoutes } from './slices/privacy/own.routes.ts';
import { createRetained } from './slices/privacy/retained.ts';
import { recordRoutes } from './slices/privacy/record.routes.ts';
import { createRecordService } from './slices/privacy/record.service.ts';
import { retentionRoutes } from './slices/privacy/retention.routes.ts';
import { createRetentionService } from './slices/privacy/retention.service.ts';
import { privacyRoutes } from './slices/privacy/routes.ts';
import { createPrivacyService } from './slices/privacy/service.ts';
import { roomRoutes } from './slices/rooms/routes.ts';
import { createRoomService } from './slices/rooms/service.ts';
import { createLiveSocket } from './slices/rooms/socket.ts';
import { createSessionAccess } from './slices/sessions/access.ts';
import { createConsentPlaces } from './slices/sessions/consents.ts';
import { createConversationService } from './slices/sessions/conversation.service.ts';
import { createDeidSource } from './slices/sessions/deid.ts';
import { createReplyHandler } from './slices/sessions/replies.ts';
import { sessionRoutes } from './slices/sessions/routes.ts';
import { createSessionService } from './slices/sessions/service.ts';
import { createTranscriptService } from './slices/sessions/transcript.service.ts';

export interface AppOptions {
  config: Config;
  /** The login that owns the tables, or may make them. */
  database: pg.PoolConfig;
  outgoing?: Outgoing;
  /** Names this server among those on the same database. */
  node?: string;
}

export interface RunningApp {
  url: string;
  port: number;
  close(): Promise<void>;
}

type Platform = ReturnType<typeof createPlatform>;
type Services = ReturnType<typeof createServices>;

/** What this server may call. The preset's address is the operator's own word; this machine's are its owner's, where they sit at it. */
export function outgoingFor(config: Config): Outgoing {
  const preset = config.preset ? [new URL(config.preset.baseUrl).host] : [];
  return createOutgoing({ loopback: ownerNeedsNoSignIn(config), exceptions: [...config.allowPrivate, ...preset] });
}

/** Limits for this machine itself would only be in its owner's way, unless they are asked for. */
const limitsOf = (config: Config) =>
  config.rateLimits.when === 'beyond-loopback' && !ownerNeedsNoSignIn(config) ? 'always' : config.rateLimits.when;

const limitsShown = (config: Config): RateLimits => ({
  when: limitsOf(config),
  items: Object.entries(config.rateLimits.rules).map(
    ([name, { address = null, actor = null, organisation = null }]) => ({
      class: name,
      address,
      actor,
      organisation,
    }),
  ),
  next: null,
});

/** The parts that know no domain. */
function createPlatform(
  { config, database, outgoing = outgoingFor(config), node = randomUUID() }: AppOptions,
  { db, keyring, app }: Connected,
) {
  const log = createLogger(config.logLevel);
  const wake = createWake(db, app, node, log);
  const limiter = createLimiter({ db, log, rules: config.rateLimits.rules, others: wake.othersPresent });
  const hub = createHub(db, wake, log);
  return {
    config,
    node,
    log,
    outgoing,
    limiter,
    keyring,
    db,
    wake,
    owner: database,
    hub,
    mail: createMail(config, log),
  };
}

/** The services in the order in which they may know each other; what would point backwards is handed in as a hook. */
function createServices(platform: Platform) {
  const { config, node, log, outgoing, keyring, db, wake, hub } = platform;
  const providers = createProviderService({ db, config, outgoing });
  const identity = createIdentityService({ db, keyring, config, wake, ...providers.setupSteps });
  const team = createTeamServices(platform, identity);
  const uses = createUseServices(platform, identity, providers);
  const { consents, deid } = uses;
  const generations = createGenerationService({ db, hub, wake, node, log, tokenFrameMs: config.tokenFrameMs });
  const budgets = createBudgetService({ db });
  const knowledge = createKnowledgeService({ db });
  const personas = createPersonaService({
    db,
    knowledge,
    hasProvider: providers.hasProvider,
    allowTitles: identity.allowsTitles,
  });
  const clients = createClientService({ db, keyring });
  const assignments = createAssignmentService({ db, clients, onChanged: identity.changed });
  const access = createSessionAccess({ db, hub });
  const conversations = createConversationService({ db, access, consents, personas, providers, generations, budgets });
  const sessions = createSessionService({ db, access, conversations, personas, clients, providers });
  const invitations = createInvitationService({
    db,
    config,
    requireSession: sessions.get,
    onRevoked: identity.changed,
    onAccepted: async (tx, { orgId, sessionId, alias, first }) => {
      if (first) await sessions.joined(tx, orgId, sessionId, alias);
    },
  });
  const transcripts = createTranscriptService({ db, sessions, conversations });
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
  generations.handle(createReplyHandler({ db, log, personas, providers, knowledge, access, consents, conversations }));
  deid.attach(createDeidSource({ db }));
  consents.attach(createConsentPlaces({ access, clients, conversations }));
  return {
    budgets,
    providers,
    identity,
    ...uses,
    generations,
    knowledge,
    personas,
    clients,
    assignments,
    sessions,
    conversations,
    invitations,
    ...team,
    transcripts,
    rooms,
    privacy,
    demo,
  };
}

/** What people agreed to, how long what is kept, and what leaves without identifiers. */
function createUseServices(
  { db, config, node, log }: ReturnType<typeof createPlatform>,
  identity: IdentityService,
  providers: ProviderService,
) {
  const consents = createConsentService({
    db,
    onError: ({ message }) => log.warn({ err: message }, 'what an answer to a consent asked for was not done'),
  });
  const deid = createDeidService({ db, consents });
  const retention = createRetentionService({ db, node, log });
  const retained = createRetained(heldSubjects);
  retention.register('sessions', retained.sessions);
  retention.register('drafts', retained.drafts);
  retention.register('files', retained.files);
  const record = createRecordService({
    db,
    config,
    consents,
    retention,
    organisationName: identity.organisationName,
    recipients: providers.recipients,
  });
  return { consents, deid, retention, record };
}

/** Who belongs to an organisation, and what they may do in it. */
function createTeamServices({ db, config, keyring, mail, log }: Platform, identity: IdentityService) {
  const logins = createLoginService({ db, keyring, config, mail, log, forget: identity.forget });
  return {
    signIn: createSignInService({ db, logins, identity, mail, forget: identity.forget }),
    members: createMemberService({ db, news: identity }),
    memberInvitations: createMemberInvitationService({
      db,
      config,
      organisationName: identity.organisationName,
      onInvited: async (letter) => {
        await mail.send(invitationLetter(letter));
        return mail.leaves;
      },
    }),
    roles: createRoleService({ db, news: identity }),
    teams: createTeamService({ db, news: identity }),
    apiKeys: createApiKeyService({ db, news: identity }),
  };
}

function addRoutes(app: App, config: Config, db: Database, services: Services, closing: AbortSignal) {
  serveDocs(app);
  opsRoutes(app, db, closing);
  identityRoutes(app, services.identity);
  signInRoutes(app, services.signIn, createOriginOf(config));
  memberRoutes(app, services.members, services.memberInvitations);
  roleRoutes(app, services.roles);
  teamRoutes(app, services.teams);
  apiKeyRoutes(app, services.apiKeys);
  invitationRoutes(app, services.invitations);
  providerRoutes(app, services.providers);
  budgetRoutes(app, services.budgets, limitsShown(config));
  knowledgeRoutes(app, services.knowledge);
  personaRoutes(app, services.personas);
  clientRoutes(app, services.clients, services.assignments);
  consentRoutes(app, services.consents);
  deidRoutes(app, services.deid);
  retentionRoutes(app, services.retention);
  recordRoutes(app, services.record);
  sessionRoutes(app, services);
  roomRoutes(app, services.rooms, {
    closing,
    allows,
    onAccessChanged: services.identity.onAccessChanged,
    authenticate: ({ headers, cookies, ip }) =>
      services.identity.authenticate({ authorization: headers.authorization, cookies, remoteAddress: ip }),
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
  const { db, hub, wake, log, node, outgoing, limiter } = platform;
  const services = createServices(platform);
  const { identity, generations, providers, retention, rooms, privacy } = services;
  const closing = new AbortController();
  const checkOrigin = createOriginCheck(config);
  const limits = createRequestLimits(limiter, limitsOf(config));
  const addressOf = createAddressOf(config.trustProxy);
  const app = createHttp({
    log,
    bodyLimit: config.bodyLimit,
    limits,
    trustProxy: config.trustProxy,
    checkOrigin,
    allows,
    authenticate: ({ headers, cookies, ip, routeOptions }) =>
      identity.authenticate({
        authorization: headers.authorization,
        cookies,
        remoteAddress: ip,
        beforeSecondFactor: routeOptions.config.beforeSecondFactor ?? false,
      }),
  });
  await app.after();
  honourIdempotencyKeys(app, { db, log });
  addRoutes(app, config, db, services, closing.signal);

  await identity.ensurePreset();
  await identity.requireOwnerPasswordFor(config);
  await wake.start();
  hub.start();
  limiter.start();
  await privacy.erasures.start();
  await generations.start();
  retention.start();
  await providers.start(({ message }) => log.warn({ err: message }, 'what runs GGUF files could not be installed'));
  const live = createLiveSocket({
    server: app.server,
    rooms,
    node,
    log,
    checkOrigin: (request) => checkOrigin(request, true),
    allows,
    onAccessChanged: identity.onAccessChanged,
    limits,
    addressOf,
    authenticate: (request, token) =>
      identity.authenticate({
        authorization: token === undefined ? undefined : `Bearer ${token}`,
        cookies: app.parseCookie(request.headers.cookie ?? ''),
        remoteAddress: addressOf(request),
      }),
  });
  await app.listen({ host: config.host, port: config.port });
  const { port } = app.server.address() as AddressInfo;

  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    port,
    async close() {
      closing.abort();
      await retention.stop();
      privacy.erasures.stop();
      await generations.stopAll();
      providers.stop();
      live.close();
      await app.close();
      limiter.stop();
      hub.stop();
      await wake.stop();
      platform.mail.close();
      await outgoing.close();
      await db.close();
    },
  };
}
