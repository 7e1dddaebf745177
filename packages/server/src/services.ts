import { join } from 'node:path';
import { createSupervision } from './services.supervision.ts';
import { scrubTables } from './platform/db/scrub.ts';
import { createBesides } from './services.besides.ts';
import { createClientServices } from './services.clients.ts';
import { createInsights, toneStates } from './services.insights.ts';
import { createDemoService } from './slices/demo/service.ts';
import { createAccountService } from './slices/identity/account.service.ts';
import { createApiKeyService } from './slices/identity/apiKeys.service.ts';
import { createMemberInvitationService, invitationLetter } from './slices/identity/memberInvitations.service.ts';
import { createMemberService, type MemberService } from './slices/identity/members.service.ts';
import { createRoleService } from './slices/identity/roles.service.ts';
import { forgetInReports } from './slices/insights/forgetting.ts';
import { createInvitationService } from './slices/identity/invitations.service.ts';
import { createLoginService } from './slices/identity/logins.service.ts';
import { createIdentityService, type IdentityService } from './slices/identity/service.ts';
import { createScimUserService } from './slices/identity/scim.service.ts';
import { createScimGroupService } from './slices/identity/scimGroups.service.ts';
import { createSignInService } from './slices/identity/signIn.service.ts';
import { createTeamService } from './slices/identity/teams.service.ts';
import { createAsking, type Asking } from './slices/inference/asking.ts';
import { createBudgetService, type BudgetService } from './slices/inference/budgets.service.ts';
import { createGenerationService } from './slices/inference/generations.service.ts';
import { createProviderService, type ProviderService } from './slices/inference/providers.service.ts';
import { createEmbedding, type Embedding } from './slices/inference/embedding.ts';
import { createReranking, type Reranking } from './slices/inference/reranking.ts';
import { createKnowledgeService } from './slices/knowledge/service.ts';
import { createEmbeddingWorker } from './slices/knowledge/vectors/worker.ts';
import { createMemoryWork } from './slices/memory/embedding.ts';
import { createRecallService } from './slices/memory/recall.service.ts';
import { createOwnMemoryService } from './slices/memory/own.service.ts';
import { createProposalService } from './slices/memory/proposals.service.ts';
import { createMemoryService } from './slices/memory/service.ts';
import { createPersonaService, type PersonaService } from './slices/personas/service.ts';
import { createPackService, type PackService } from './slices/supervision/packs.service.ts';
import type { SafetyService } from './slices/supervision/safety.service.ts';
import { createAuditService } from './slices/privacy/audit.service.ts';
import { breakGlassLetter, createBreakGlassService } from './slices/privacy/breakGlass.service.ts';
import { createConsentService, type ConsentService } from './slices/privacy/consents.service.ts';
import { createDeidService } from './slices/privacy/deid.service.ts';
import { heldSubjects } from './slices/privacy/holds.store.ts';
import { createRetained } from './slices/privacy/retained.ts';
import { createRecordService } from './slices/privacy/record.service.ts';
import { createRetentionService } from './slices/privacy/retention.service.ts';
import { createPrivacyService } from './slices/privacy/service.ts';
import { createRoomService } from './slices/rooms/service.ts';
import { createSessionAccess, type SessionAccess } from './slices/sessions/access.ts';
import { createConsentPlaces } from './slices/sessions/consents.ts';
import { createConversationService } from './slices/sessions/conversation.service.ts';
import { createCurating } from './slices/sessions/curating.ts';
import { createDeidSource } from './slices/sessions/deid.ts';
import { createRemembering } from './slices/sessions/remembering.ts';
import { createReplyHandler } from './slices/sessions/replies.ts';
import { createReviewHandler } from './slices/sessions/releases.ts';
import { createSessionService, type SessionService } from './slices/sessions/service.ts';
import { createMemoryPlaces } from './slices/sessions/memories.ts';
import { createTranscriptService } from './slices/sessions/transcript.service.ts';
import type { Platform } from './services.platform.ts';

export type Services = ReturnType<typeof createServices>;

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
  const access = createSessionAccess({ db, hub, wake });
  const packs = createPackService({ db, audit, append: access.append });
  const questions = createQuestions({ log, providers, budgets });
  const { asking } = questions;
  const material = createMaterial(platform, { providers, identity, packs, ...questions, consents });
  const { knowledge, personas, memories, proposals } = material;
  const caseload = createClientServices({
    ...platform,
    requireRung: packs.requireRung,
    onPolicy: (tx, actor, clientId, policy) => sessions.clientPolicySet(tx, actor, clientId, policy),
    onChanged: identity.changed,
    onRisk: (...of) => besides.sessionQuestionnaires.onRiskOfClient(...of),
    enterSession: access.enter,
  });
  const { reviews, ...supervision } = createSupervision(platform, { generations, access, providers, packs, ...team });
  const talk = { db, audit, access, personas, providers, asking, reviews, safety: supervision.sessionSafety };
  const conversations = createConversationService({ ...talk, log, consents, generations, budgets });
  const remembering = createRemembering({ ...talk, ...caseload, log, consents, proposals });
  const sessions = createSessionService({ ...talk, ...caseload, conversations, packs, remembering });
  const besides = createBesides(platform, { ...supervision, ...team, ...talk, ...caseload, conversations, sessions });
  const joining = createJoining(platform, { identity, access, sessions });
  const curating = createCurating({ db, knowledge, personas, reviews });
  const rooms = createRoomService({ db, audit, hub, wake, generations, sessions, conversations, ...knowledge });
  const privacy = createPrivacy(platform, { identity, sessions, personas, ...supervision, consents });
  generations.handle(createReplyHandler({ ...supervision, ...material, ...talk, log, consents, conversations }));
  reviews.handle(createReviewHandler({ log, access, conversations, generations }));
  for (const one of [supervision.policies, packs]) one.onChanged((orgId) => conversations.obeyRung(orgId, {}));
  memories.attach(createMemoryPlaces({ access, generations }));
  deid.attach(createDeidSource({ db }));
  consents.attach(createConsentPlaces({ ...caseload, access, conversations }));
  return {
    budgets,
    providers,
    identity,
    ...uses,
    generations,
    ...material,
    ...caseload,
    ...besides,
    sessions,
    conversations,
    reviews,
    ...supervision,
    ...joining,
    ...team,
    transcripts: createTranscriptService({ db, audit, sessions, conversations }),
    curating,
    rooms,
    privacy,
    demo: createDemoService({ ...material, ...caseload }),
    ...createInsights(platform, { ...caseload, ...supervision, sessions, consents, asking, packs }),
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

/** What is asked of models beside replies, paid for by the same budgets. */
const createQuestions = (parts: Pick<Platform, 'log'> & { providers: ProviderService; budgets: BudgetService }) => ({
  asking: createAsking(parts),
  reranking: createReranking(parts),
  embedding: createEmbedding(parts),
});

/** What personas answer from, what they remember, and who they are. */
function createMaterial(
  { config, ...platform }: Platform,
  parts: {
    providers: ProviderService;
    identity: IdentityService;
    packs: PackService;
    asking: Asking;
    reranking: Reranking;
    embedding: Embedding;
    consents: ConsentService;
  },
) {
  const { providers, identity, packs, asking, reranking, embedding, consents } = parts;
  const knowledge = createKnowledgeService({
    ...platform,
    embedders: embedding,
    reranking,
    uploads: { fileBytes: config.files.fileBytes, files: config.files.perUpload },
    indexFrom: config.pgvectorFrom,
    workDir: join(config.dataDir, 'reading'),
    onReadersChanged: identity.changed,
  });
  const personas = createPersonaService({
    db: platform.db,
    audit: platform.audit,
    knowledge: knowledge.bases,
    hasProvider: providers.hasProvider,
    allowTitles: identity.allowsTitles,
    requireRung: packs.requireRung,
    onPublish: (tx, orgId, baseId) => knowledge.evaluations.queue(tx, orgId, { baseId }, 'publish'),
  });
  knowledge.bases.tellUsers(personas.usersOf);
  const memories = createMemoryService(platform);
  const { places } = memories;
  const recall = createRecallService({ ...platform, places, vectors: knowledge.vectors });
  const work = createMemoryWork({ db: platform.db, gateOf: consents.gate });
  const memoryEmbedding = createEmbeddingWorker({ ...platform, embedders: embedding, work });
  const ownMemories = createOwnMemoryService({ ...platform, places, heldSubjects });
  const proposals = createProposalService({ ...platform, asking });
  return { knowledge, personas, memories, recall, proposals, ownMemories, memoryEmbedding };
}

/** What goes for good, and what is handed out. */
function createPrivacy(
  platform: Platform,
  parts: {
    identity: IdentityService;
    sessions: SessionService;
    personas: PersonaService;
    consents: ConsentService;
    safety: SafetyService;
  },
) {
  const { identity, sessions, personas } = parts;
  const toneStateOf = toneStates(platform, parts);
  return createPrivacyService({
    ...platform,
    dataDir: platform.config.dataDir,
    scrub: (tables) => scrubTables(platform.owner, tables),
    endSession: sessions.close,
    standIn: personas.standIn,
    showsTone: async (orgId, subject) => (await toneStateOf(orgId, subject)) === 'on',
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
  const retained = createRetained(heldSubjects, audit, forgetInReports);
  retention.register('sessions', retained.sessions);
  retention.register('memories', retained.memories);
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
