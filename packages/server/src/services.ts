import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type pg from 'pg';
import type { DestinationStream } from 'pino';
import type { Config } from './config/config.ts';
import { createAudit } from './platform/audit/audit.ts';
import type { BlobBackend } from './platform/blobs/backend.ts';
import { createBlobs } from './platform/blobs/blobs.ts';
import { filesFolder, folderBackend } from './platform/blobs/folder.ts';
import { s3Backend } from './platform/blobs/s3.ts';
import type { Connected } from './platform/db/connect.ts';
import { scrubTables } from './platform/db/scrub.ts';
import { createLimiter } from './platform/limits/limiter.ts';
import { createLogger } from './platform/logger.ts';
import { createMail } from './platform/mail/mail.ts';
import { createOutgoing, type Outgoing } from './platform/net/outgoing.ts';
import { createHub } from './platform/realtime/hub.ts';
import { createWake } from './platform/realtime/wake.ts';
import { createClientServices } from './services.clients.ts';
import { createDemoService } from './slices/demo/service.ts';
import { createAccountService } from './slices/identity/account.service.ts';
import { createApiKeyService } from './slices/identity/apiKeys.service.ts';
import { createMemberInvitationService, invitationLetter } from './slices/identity/memberInvitations.service.ts';
import { createMemberService, type MemberService } from './slices/identity/members.service.ts';
import { createRoleService } from './slices/identity/roles.service.ts';
import { createInvitationService } from './slices/identity/invitations.service.ts';
import { createLoginService } from './slices/identity/logins.service.ts';
import { createIdentityService, ownerNeedsNoSignIn, type IdentityService } from './slices/identity/service.ts';
import { createScimUserService } from './slices/identity/scim.service.ts';
import { createScimGroupService } from './slices/identity/scimGroups.service.ts';
import { createSignInService } from './slices/identity/signIn.service.ts';
import { createTeamService } from './slices/identity/teams.service.ts';
import { createBudgetService } from './slices/inference/budgets.service.ts';
import { createGenerationService, type GenerationService } from './slices/inference/generations.service.ts';
import { createProviderService, type ProviderService } from './slices/inference/providers.service.ts';
import { createExtractor } from './slices/knowledge/extract/extractor.ts';
import { createKnowledgeService } from './slices/knowledge/service.ts';
import type { Extractor } from './slices/knowledge/worker.ts';
import { createPersonaService, type PersonaService } from './slices/personas/service.ts';
import { createClaimService } from './slices/supervision/claims.service.ts';
import { createDeputyService } from './slices/supervision/deputies.service.ts';
import { createPolicyService } from './slices/supervision/policies.service.ts';
import { createReviewAccess } from './slices/supervision/reviews.access.ts';
import { createReviewClock } from './slices/supervision/reviews.clock.ts';
import { createReviewPager } from './slices/supervision/reviews.pages.ts';
import { createReviewService } from './slices/supervision/reviews.service.ts';
import { createEscalationClock } from './slices/supervision/escalations.clock.ts';
import { createEscalationService } from './slices/supervision/escalations.service.ts';
import { createSecondOpinion } from './slices/supervision/risk/opinion.ts';
import { createSafetyService } from './slices/supervision/safety.service.ts';
import { createAuditService } from './slices/privacy/audit.service.ts';
import { breakGlassLetter, createBreakGlassService } from './slices/privacy/breakGlass.service.ts';
import { createConsentService } from './slices/privacy/consents.service.ts';
import { createDeidService } from './slices/privacy/deid.service.ts';
import { heldSubjects } from './slices/privacy/holds.store.ts';
import { createRetained } from './slices/privacy/retained.ts';
import { createRecordService } from './slices/privacy/record.service.ts';
import { createRetentionService } from './slices/privacy/retention.service.ts';
import { createPrivacyService } from './slices/privacy/service.ts';
import { createRoomService } from './slices/rooms/service.ts';
import { createSessionAccess, type SessionAccess } from './slices/sessions/access.ts';
import { createConsentPlaces } from './slices/sessions/consents.ts';
import { createConversationService, type ConversationService } from './slices/sessions/conversation.service.ts';
import { createDeidSource } from './slices/sessions/deid.ts';
import { createSessionQuestionnaireService } from './slices/sessions/questionnaires.service.ts';
import { createSessionNoteService } from './slices/sessions/notes.service.ts';
import { createPlanClock } from './slices/sessions/plan.clock.ts';
import { createPlanService } from './slices/sessions/plan.service.ts';
import { createReplyHandler } from './slices/sessions/replies.ts';
import { createReviewHandler } from './slices/sessions/releases.ts';
import { createSessionService, type SessionService } from './slices/sessions/service.ts';
import { createSessionSafety, type SessionSafety } from './slices/sessions/safety.ts';
import { messageText } from './slices/sessions/messages.store.ts';
import { createTranscriptService } from './slices/sessions/transcript.service.ts';

/** What a server is made of; everything else is in its configuration. */
export interface AppOptions {
  config: Config;
  /** The login that owns the tables, or may make them. */
  database: pg.PoolConfig;
  outgoing?: Outgoing;
  /** Where files are kept, in place of what the configuration says. */
  files?: (config: Config) => BlobBackend;
  /** What makes text of files. */
  extractor?: Extractor;
  /** Where the log goes; without it, to the standard output. */
  logTo?: DestinationStream;
  /** Names this server among those on the same database. */
  node?: string;
}

/** What this server may call. The addresses of the preset, of the audit's webhook and of the file store are the operator's own word; this machine's are its owner's, where they sit at it. */
export function outgoingFor(config: Config): Outgoing {
  const preset = config.preset ? [new URL(config.preset.baseUrl).host] : [];
  const webhook = config.audit.webhook ? [new URL(config.audit.webhook.url).host] : [];
  const store = config.files.s3 ? [new URL(config.files.s3.endpoint).host] : [];
  const exceptions = [...config.allowPrivate, ...preset, ...webhook, ...store];
  return createOutgoing({ loopback: ownerNeedsNoSignIn(config), exceptions, only: config.outgoingOnly });
}

export type Platform = ReturnType<typeof createPlatform>;
export type Services = ReturnType<typeof createServices>;

const storeOf = (config: Config, outgoing: Outgoing): BlobBackend =>
  config.files.s3 ? s3Backend(config.files.s3, outgoing) : folderBackend(filesFolder(config));

/** The parts that know no domain. */
export function createPlatform(
  { config, database, outgoing = outgoingFor(config), logTo, node = randomUUID(), ...given }: AppOptions,
  { db, keyring, app }: Connected,
) {
  const log = createLogger(config.logLevel, logTo);
  const wake = createWake(db, app, node, log);
  const audit = createAudit({ db, config, log, outgoing });
  const limiter = createLimiter({ db, log, rules: config.rateLimits.rules, others: wake.othersPresent });
  const hub = createHub(db, wake, log);
  const mail = createMail({ db, keyring, config, log });
  const backend = given.files?.(config) ?? storeOf(config, outgoing);
  const blobs = createBlobs({ db, keyring, log, backend });
  const { extractor = createExtractor({ log, limits: { fileBytes: config.files.fileBytes } }) } = given;
  return {
    audit,
    blobs,
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
    mail,
    extractor,
  };
}

/** The services in the order in which they may know each other; what would point backwards is handed in as a hook. */
export function createServices(platform: Platform) {
  const { audit, config, log, outgoing, db, wake, hub } = platform;
  const providers = createProviderService({ db, audit, config, outgoing });
  const identity = createIdentityService({ ...platform, ...providers.setupSteps });
  const team = createTeamServices(platform, identity);
  const uses = createUseServices(platform, identity, providers, team.members);
  const { consents, deid } = uses;
  const generations = createGenerationService({ ...platform, tokenFrameMs: config.tokenFrameMs });
  const budgets = createBudgetService({ db, audit });
  const { knowledge, personas } = createMaterial(platform, providers, identity);
  const access = createSessionAccess({ db, hub });
  const caseload = createClientServices({
    ...platform,
    onPolicy: (orgId, clientId) => void conversations.obeyRung(orgId, { clientId }),
    onChanged: identity.changed,
    onRisk: (...of) => besides.sessionQuestionnaires.onRiskOfClient(...of),
    enterSession: access.enter,
  });
  const { clients, questionnaires } = caseload;
  const { reviews, ...supervision } = createSupervision(platform, { generations, access, providers, ...team });
  const talk = { db, audit, access, personas, providers, reviews, safety: supervision.sessionSafety };
  const conversations = createConversationService({ ...talk, consents, generations, budgets });
  const sessions = createSessionService({ ...talk, conversations, clients, questionnaires });
  const besides = createBesides(platform, { ...talk, ...caseload, conversations, sessions, members: team.members });
  const joining = createJoining(platform, { identity, access, sessions });
  const transcripts = createTranscriptService({ db, audit, sessions, conversations });
  const { bases } = knowledge;
  const rooms = createRoomService({ db, audit, hub, wake, generations, sessions, conversations, bases });
  const privacy = createPrivacy(platform, { identity, sessions, personas });
  const demo = createDemoService({ personas, knowledge, clients });
  generations.handle(
    createReplyHandler({ ...talk, log, knowledge, consents, conversations, opinion: supervision.opinion }),
  );
  reviews.handle(createReviewHandler({ log, access, conversations, generations }));
  supervision.policies.onChanged((orgId) => void conversations.obeyRung(orgId, {}));
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
    ...caseload,
    ...besides,
    sessions,
    conversations,
    reviews,
    ...supervision,
    ...joining,
    ...team,
    transcripts,
    rooms,
    privacy,
    demo,
  };
}

/** What goes on in sessions beside the conversation. */
function createBesides(
  { db, audit, mail, log, config }: Platform,
  parts: ReturnType<typeof createClientServices> & {
    access: SessionAccess;
    safety: SessionSafety;
    conversations: ConversationService;
    sessions: SessionService;
    members: MemberService;
  },
) {
  const { access, sessions } = parts;
  return {
    sessionQuestionnaires: createSessionQuestionnaireService({ db, audit, ...parts }),
    sessionNotes: createSessionNoteService(parts),
    plans: createPlanService({ db, audit, mail, publicUrl: config.publicUrl, ...parts }),
    planClock: createPlanClock({ db, log, access, close: sessions.close }),
  };
}

/** How clients come into their sessions. */
function createJoining(
  { audit, db, config }: Platform,
  parts: { identity: IdentityService; access: SessionAccess; sessions: SessionService },
) {
  const invitations = createInvitationService({
    db,
    audit,
    config,
    requireSession: parts.access.enter,
    onRevoked: parts.identity.changed,
    onAccepted: async (tx, { orgId, sessionId, alias, first }) => {
      if (first) await parts.sessions.joined(tx, orgId, sessionId, alias);
    },
  });
  return { invitations };
}

/** Drafts that people decide on, and what happens to them when nobody does. */
function createSupervision(
  { audit, db, config, log, mail }: Platform,
  parts: {
    generations: GenerationService;
    access: SessionAccess;
    members: MemberService;
    providers: ProviderService;
  },
) {
  const { append } = parts.access;
  const policies = createPolicyService({ db, audit });
  const access = createReviewAccess({
    db,
    audit,
    draftOf: parts.generations.draftOf,
    messageText: (orgId, id) => messageText(db.in(orgId), orgId, id),
  });
  const reviews = createReviewService({ db, audit, policies, access, append });
  const page = createReviewPager({ log, mail, publicUrl: config.publicUrl, members: parts.members });
  const reviewClock = createReviewClock({ db, log, reviews, policies, append, page });
  const claims = createClaimService({ access, audit, append });
  const safety = createSafetyService({ db, audit });
  const { members, providers } = parts;
  const escalationClock = createEscalationClock({
    db,
    log,
    mail,
    publicUrl: config.publicUrl,
    safety,
    append,
    members,
  });
  const escalations = createEscalationService({ db, audit, safety, append, onRaised: escalationClock.look });
  const opinion = createSecondOpinion({ log, providers, safety });
  const deputies = createDeputyService({ db, audit });
  const sessionSafety = createSessionSafety({ db, access: parts.access, safety, escalations, reviews });
  const held = { policies, reviews, claims, reviewClock, deputies };
  return { ...held, safety, escalations, escalationClock, opinion, sessionSafety };
}

/** What personas answer from, and who they are. */
function createMaterial({ config, ...platform }: Platform, providers: ProviderService, identity: IdentityService) {
  const knowledge = createKnowledgeService({
    ...platform,
    uploads: { fileBytes: config.files.fileBytes, files: config.files.perUpload },
    workDir: join(config.dataDir, 'reading'),
    onReadersChanged: identity.changed,
  });
  const personas = createPersonaService({
    db: platform.db,
    audit: platform.audit,
    knowledge: knowledge.bases,
    hasProvider: providers.hasProvider,
    allowTitles: identity.allowsTitles,
  });
  knowledge.bases.tellUsers(personas.usersOf);
  return { knowledge, personas };
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
  { audit, db, config, node, log, mail }: Platform,
  identity: IdentityService,
  providers: ProviderService,
  members: MemberService,
) {
  const consents = createConsentService({
    db,
    audit,
    onError: ({ message }) => log.warn({ err: message }, 'what an answer to a consent asked for was not done'),
  });
  const deid = createDeidService({ db, audit, consents });
  const retention = createRetentionService({ db, audit, node, log });
  const retained = createRetained(heldSubjects, audit);
  retention.register('sessions', retained.sessions);
  retention.register('drafts', retained.drafts);
  retention.register('files', retained.files);
  retention.register('audit', retained.audit);
  const record = createRecordService({
    db,
    config,
    consents,
    retention,
    organisationName: identity.organisationName,
    recipients: providers.recipients,
  });
  const auditing = createAuditService({ db, audit });
  const breakGlass = createBreakGlassService({
    db,
    audit,
    onChanged: identity.changed,
    onOpened: ({ orgId, userId, name }, { expiresAt }) =>
      void members.addressesOf(orgId, 'clients.read-all', userId).then(
        (addresses) => {
          const letter = breakGlassLetter({ name, expiresAt, publicUrl: config.publicUrl });
          for (const to of addresses) mail.post({ to, ...letter });
        },
        (error: Error) => log.error({ err: error.message }, 'nobody could be written to about a broken glass'),
      ),
  });
  return { consents, deid, retention, record, auditing, breakGlass };
}

/** Who belongs to an organisation, and what they may do in it. */
function createTeamServices({ audit, db, config, keyring, mail, log, outgoing }: Platform, identity: IdentityService) {
  const logins = createLoginService({ db, audit, keyring, config, mail, log, outgoing, forget: identity.forget });
  const members = createMemberService({ db, audit, news: identity, post: mail.post });
  const teams = createTeamService({ db, audit, news: identity });
  return {
    signIn: createSignInService({ db, audit, logins, identity, mail, forget: identity.forget }),
    members,
    memberInvitations: createMemberInvitationService({
      db,
      audit,
      config,
      organisationName: identity.organisationName,
      throttle: identity.throttle,
      onInvited: async (letter) => {
        await mail.send(invitationLetter(letter));
        return mail.leaves;
      },
    }),
    roles: createRoleService({ db, audit, news: identity }),
    teams,
    scimUsers: createScimUserService({ db, members }),
    scimGroups: createScimGroupService({ db, audit, members, teams }),
    apiKeys: createApiKeyService({ db, audit, news: identity }),
    account: createAccountService({ db, audit, organisationName: identity.organisationName }),
  };
}
