import type { Audit } from './platform/audit/audit.ts';
import type { Database } from './platform/db/db.ts';
import type { Logger } from './platform/logger.ts';
import type { GoalService } from './slices/clients/goals.service.ts';
import type { QuestionnaireService } from './slices/clients/questionnaires.service.ts';
import type { ClientService } from './slices/clients/service.ts';
import type { ThreadService } from './slices/clients/threads.service.ts';
import type { Asking } from './slices/inference/asking.ts';
import { createReportService } from './slices/insights/reports.service.ts';
import { createInsightService } from './slices/insights/service.ts';
import { sentences } from './slices/knowledge/sentences.ts';
import { languageOf, termOf, words } from './slices/knowledge/terms.ts';
import type { ConsentService } from './slices/privacy/consents.service.ts';
import type { SessionService } from './slices/sessions/service.ts';

/** What the log tells of conversations, for those who may see them, and what people write about it. */
export function createInsights(
  { audit, db, log }: { audit: Audit; db: Database; log: Logger },
  parts: {
    clients: ClientService;
    goals: GoalService;
    threads: ThreadService;
    questionnaires: QuestionnaireService;
    sessions: SessionService;
    consents: ConsentService;
    asking: Pick<Asking, 'askDefault'>;
  },
) {
  const { clients, goals, threads, questionnaires, sessions, consents, asking } = parts;
  const newest = { limit: 100 };
  const insights = createInsightService({
    db,
    audit,
    session: sessions.get,
    async sessionsOf(actor, clientId, limit) {
      await clients.get(actor, clientId);
      return (await sessions.list(actor, { clientId, limit })).items;
    },
    async sessionsOfThread(actor, threadId, limit) {
      const { client, goalIds } = await threads.get(actor, threadId);
      return { clientId: client.id, goalIds, sessions: (await sessions.list(actor, { threadId, limit })).items };
    },
    goalsOf: async (actor, clientId) => (await goals.list(actor, clientId, newest)).items,
    goalsAmong: (orgId, clientId, ids) => goals.chosen(db.in(orgId), orgId, clientId, ids),
    async questionnairesOf(actor, of) {
      const subject = { clientId: null, sessionId: null, ...of };
      return (await questionnaires.page(actor, subject, newest)).items;
    },
    rulesFor(text) {
      const language = languageOf(text, null);
      return { words, sentences, termOf: (word) => termOf(word, language) };
    },
  });
  const reports = createReportService({
    db,
    audit,
    log,
    insights,
    ask: asking.askDefault,
    requireClient: async (actor, clientId) => void (await clients.get(actor, clientId)),
    async requireProcessing(actor, sessionId) {
      const { client } = await sessions.get(actor, sessionId);
      const subject = client ? { kind: 'client' as const, id: client.id } : { kind: 'session' as const, id: sessionId };
      await consents.require(actor.orgId, subject, 'ai-processing');
    },
  });
  return { insights, reports };
}
