import type { RateLimits } from '@rapport/protocol/limits';
import type { Config } from './config/config.ts';
import type { Database } from './platform/db/db.ts';
import { serveDocs } from './platform/http/docs.ts';
import { createOriginOf } from './platform/http/origin.ts';
import type { App } from './platform/http/server.ts';
import { serveWeb } from './platform/http/web.ts';
import { goalRoutes } from './slices/clients/goals.routes.ts';
import { questionnaireRoutes } from './slices/clients/questionnaires.routes.ts';
import { noteRoutes } from './slices/clients/notes.routes.ts';
import { clientRoutes } from './slices/clients/routes.ts';
import { threadRoutes } from './slices/clients/threads.routes.ts';
import { demoRoutes } from './slices/demo/routes.ts';
import { accountRoutes } from './slices/identity/account.routes.ts';
import { apiKeyRoutes } from './slices/identity/apiKeys.routes.ts';
import { invitationRoutes } from './slices/identity/invitations.routes.ts';
import { memberRoutes } from './slices/identity/members.routes.ts';
import { allows } from './slices/identity/permissions.ts';
import { identityRoutes } from './slices/identity/routes.ts';
import { roleRoutes, teamRoutes } from './slices/identity/roles.routes.ts';
import { ownerNeedsNoSignIn } from './slices/identity/service.ts';
import { scimRoutes } from './slices/identity/scim.routes.ts';
import { signInRoutes } from './slices/identity/signIn.routes.ts';
import { budgetRoutes } from './slices/inference/budgets.routes.ts';
import { providerRoutes } from './slices/inference/providers.routes.ts';
import { knowledgeRoutes } from './slices/knowledge/routes.ts';
import { aiInsightRoutes, insightRoutes, reportRoutes } from './slices/insights/routes.ts';
import { opsRoutes } from './slices/ops/routes.ts';
import { ownMemoryRoutes } from './slices/memory/own.routes.ts';
import { memoryRoutes } from './slices/memory/routes.ts';
import { personaRoutes } from './slices/personas/routes.ts';
import { auditRoutes } from './slices/privacy/audit.routes.ts';
import { breakGlassRoutes } from './slices/privacy/breakGlass.routes.ts';
import { archiveRoutes } from './slices/privacy/archive.routes.ts';
import { consentRoutes } from './slices/privacy/consents.routes.ts';
import { deidRoutes } from './slices/privacy/deid.routes.ts';
import { ownRecordRoutes } from './slices/privacy/own.routes.ts';
import { recordRoutes } from './slices/privacy/record.routes.ts';
import { retentionRoutes } from './slices/privacy/retention.routes.ts';
import { privacyRoutes } from './slices/privacy/routes.ts';
import { roomRoutes } from './slices/rooms/routes.ts';
import { sessionSafetyRoutes } from './slices/sessions/safety.routes.ts';
import { sessionQuestionnaireRoutes } from './slices/sessions/questionnaires.routes.ts';
import { planRoutes } from './slices/sessions/plan.routes.ts';
import { sessionNoteRoutes } from './slices/sessions/notes.routes.ts';
import { saidRoutes } from './slices/sessions/said.routes.ts';
import { sessionRoutes } from './slices/sessions/routes.ts';
import { packRoutes } from './slices/supervision/packs.routes.ts';
import { figureRoutes } from './slices/supervision/figures.routes.ts';
import { escalationRoutes } from './slices/supervision/escalations.routes.ts';
import { supervisionRoutes } from './slices/supervision/reviews.routes.ts';
import type { Services } from './services.ts';

/** Limits for this machine itself would only be in its owner's way, unless they are asked for. */
export const limitsOf = (config: Config) =>
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

/** All routes of the server; a slice's own are declared in its folder. */
export function addRoutes(app: App, config: Config, db: Database, services: Services, closing: AbortSignal) {
  serveDocs(app);
  opsRoutes(app, db, closing);
  identityRoutes(app, services.identity);
  accountRoutes(app, services.account);
  signInRoutes(app, services.signIn, createOriginOf(config));
  memberRoutes(app, services.members, services.memberInvitations);
  roleRoutes(app, services.roles);
  teamRoutes(app, services.teams);
  apiKeyRoutes(app, services.apiKeys);
  scimRoutes(app, services.scimUsers, services.scimGroups, createOriginOf(config));
  invitationRoutes(app, services.invitations);
  auditRoutes(app, services.auditing);
  breakGlassRoutes(app, services.breakGlass);
  providerRoutes(app, services.providers);
  budgetRoutes(app, services.budgets, limitsShown(config));
  knowledgeRoutes(app, services.knowledge);
  memoryRoutes(app, services);
  ownMemoryRoutes(app, services.ownMemories);
  personaRoutes(app, services.personas);
  clientRoutes(app, services.clients, services.assignments);
  goalRoutes(app, services.goals);
  threadRoutes(app, services.threads, services.threadFolders);
  noteRoutes(app, services.notes);
  questionnaireRoutes(app, services.questionnaires);
  supervisionRoutes(app, services);
  packRoutes(app, services.packs);
  consentRoutes(app, services.consents);
  deidRoutes(app, services.deid);
  retentionRoutes(app, services.retention);
  recordRoutes(app, services.record);
  escalationRoutes(app, services.escalations, services.safety);
  sessionRoutes(app, services);
  sessionQuestionnaireRoutes(app, services.sessionQuestionnaires);
  planRoutes(app, services.plans);
  sessionNoteRoutes(app, services.sessionNotes);
  saidRoutes(app, services.said);
  sessionSafetyRoutes(app, services.sessionSafety);
  roomRoutes(app, services.rooms, {
    closing,
    allows,
    onAccessChanged: services.identity.onAccessChanged,
    authenticate: ({ headers, cookies, ip }) =>
      services.identity.authenticate({
        authorization: headers.authorization,
        cookies,
        remoteAddress: ip,
        unattended: true,
      }),
  });
  privacyRoutes(app, services.privacy);
  ownRecordRoutes(app, services.privacy);
  archiveRoutes(app, services.privacy);
  demoRoutes(app, services.demo);
  insightRoutes(app, services.insights);
  figureRoutes(app, services.figures);
  aiInsightRoutes(app, services.aiInsights);
  reportRoutes(app, services.reports);
  serveWeb(app, config.webRoot);
}
