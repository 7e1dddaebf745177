import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { RateLimits } from '@rapport/protocol/limits';
import type pg from 'pg';
import type { DestinationStream } from 'pino';
import type { Config } from './config/config.ts';
import { createAudit } from './platform/audit/audit.ts';
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
import { createPersonaService, type PersonaService } from './slices/personas/service.ts';
import { auditRoutes } from './slices/privacy/audit.routes.ts';
import { createAuditService } from './slices/privacy/audit.service.ts';
import { breakGlassRoutes } from './slices/privacy/breakGlass.routes.ts';
import { createBreakGlassService } from './slices/privacy/breakGlass.service.ts';
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
import { createSessionService, type SessionService } from './slices/sessions/service.ts';
import { createTranscriptService } from './slices/sessions/transcript.service.ts';

export interface AppOptions {
  config: Config;
  /** The login that owns the tables, or may make them. */
  database: pg.PoolConfig;
  outgoing?: Outgoing;
  /** Where the log goes; without it, to the standard output. */
  logTo?: DestinationStream;
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

/** What this server may call. The addresses of the preset and of the audit's webhook are the operator's own word; this machine's are its owner's, where they sit at it. */
export function outgoingFor(config: Config): Outgoing {
  const preset = config.preset ? [new URL(config.preset.baseUrl).host] : [];
  const webhook = config.audit.webhook ? [new URL(config.audit.webhook.url).host] : [];
  const exceptions = [...config.allowPrivate, ...preset, ...webhook];
  return createOutgoing({ loopback: ownerNeedsNoSignIn(config), exceptions });
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
  { config, database, outgoing = outgoingFor(config), logTo, node = randomUUID() }: AppOptions,
  { db, keyring, app }: Connected,
) {
  const log = createLogger(config.logLevel, logTo);
  const wake = createWake(db, app, node, log);
  const audit = createAudit({ db, config, log, outgoing });
  const limiter = createLimiter({ db, log, rules: config.rateLimits.rules, others: wake.othersPresent });
  const hub = createHub(db, wake, log);
  const mail = createMail(config, log);
  return { audit, config, node, log, outgoing, limiter, keyring, db, wake, owner: database, hub, mail };
}

/** The services in the order in which they may know each other; what would point backwards is handed in as a hook. */
function createServices(platform: Platform) {
  const { audit, config, node, log, outgoing, keyring, db, wake, hub } = platform;
  const providers = createProviderService({ db, audit, config, outgoing });
  const identity = createIdentityService({ db, audit, keyring, config, wake, ...providers.setupSteps });
  const team = createTeamServices(platform, identity);
  const uses = createUseServices(platform, identity, providers);
  const { consents, deid } = uses;
  const generations = createGenerationService({ db, hub, wake, node, log, tokenFrameMs: config.tokenFrameMs });
  const budgets = createBudgetService({ db, audit });
  const knowledge = createKnowledgeService({ db, audit });
  const personas = createPersonaService({
    db,
    audit,
    knowledge,
    hasProvider: providers.hasProvider,
    allowTitles: identity.allowsTitles,
  });
  const clients = createClientService({ db, keyring, audit });
  const assignments = createAssignmentService({ db, audit, clients, onChanged: identity.changed });
  const access = createSessionAccess({ db, hub });
  const talk = { db, audit, access, personas, providers };
  const conversations = createConversationService({ ...talk, consents, generations, budgets });
  const sessions = createSessionService({ ...talk, conversations, clients });
  const invitations = createInvitationService({
    db,
    audit,
    config,
    requireSession: access.enter,
    onRevoked: identity.changed,
    onAccepted: async (tx, { orgId, sessionId, alias, first }) => {
      if (first) await sessions.joined(tx, orgId, sessionId, alias);
    },
  });
  const transcripts = createTranscriptService({ db, audit, sessions, conversations });
  const rooms = createRoomService({ db, audit, hub, wake, generations, sessions, conversations });
  const privacy = createPrivacy(platform, { identity, sessions, personas });
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

/** What goes for good, and what is handed out. */
function createPrivacy(
  platform: Platform,
  { identity, sessions, personas }: { identity: IdentityService; sessions: SessionService; personas: PersonaService },
) {
  return createPrivacyService({
    ...platform,
    dataDir: platform.config.dataDir,
    scrub: (tables) => scrubTables(platform.owner, tables),
    endSession: sessions.close,
    standIn: personas.standIn,
    forget: () => {
      identity.forget();
      platform.hub.check();
    },
  });
}

/** What people agreed to, how long what is kept, what leaves without identifiers, and who looked at what. */
function createUseServices(
  { audit, db, config, node, log }: Platform,
  identity: IdentityService,
  providers: ProviderService,
) {
  const consents = createConsentService({
    db,
    audit,
    onError: ({ message }) => log.warn({ err: message }, 'what an answer to a consent asked for was not done'),
  });
  const deid = createDeidService({ db, consents });
  const retention = createRetentionService({ db, audit, node, log });
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
  const auditing = createAuditService({ db, audit });
  const breakGlass = createBreakGlassService({ db, audit, onChanged: identity.changed });
  return { consents, deid, retention, record, auditing, breakGlass };
}

/** Who belongs to an organisation, and what they may do in it. */
function createTeamServices({ audit, db, config, keyring, mail, log }: Platform, identity: IdentityService) {
  const logins = createLoginService({ db, audit, keyring, config, mail, log, forget: identity.forget });
  return {
    signIn: createSignInService({ db, audit, logins, identity, mail, forget: identity.forget }),
    members: createMemberService({ db, audit, news: identity }),
    memberInvitations: createMemberInvitationService({
      db,
      audit,
      config,
      organisationName: identity.organisationName,
      onInvited: async (letter) => {
        await mail.send(invitationLetter(letter));
        return mail.leaves;
      },
    }),
    roles: createRoleService({ db, audit, news: identity }),
    teams: createTeamService({ db, audit, news: identity }),
    apiKeys: createApiKeyService({ db, audit, news: identity }),
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
  auditRoutes(app, services.auditing);
  breakGlassRoutes(app, services.breakGlass);
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
  const { audit, db, hub, wake, log, node, outgoing, limiter } = platform;
  const services = createServices(platform);
  const { identity, generations, providers, retention, rooms, privacy } = services;
  const closing = new AbortController();
  const checkOrigin = createOriginCheck(config);
  const limits = createRequestLimits(limiter, limitsOf(config));
  const addressOf = createAddressOf(config.trustProxy);
  const app = createHttp({
    log,
    bodyLimit: config.bodyLimit,
    patience: config.patience,
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
  await audit.start();
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
      await audit.stop();
      platform.mail.close();
      await outgoing.close();
      await db.close();
    },
  };
}
