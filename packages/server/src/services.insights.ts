import type { Audit } from './platform/audit/audit.ts';
import type { Database } from './platform/db/db.ts';
import { AppError } from './platform/errors.ts';
import type { Logger } from './platform/logger.ts';
import type { GoalService } from './slices/clients/goals.service.ts';
import type { QuestionnaireService } from './slices/clients/questionnaires.service.ts';
import type { ClientService } from './slices/clients/service.ts';
import type { ThreadService } from './slices/clients/threads.service.ts';
import type { Asking } from './slices/inference/asking.ts';
import { createAiInsightService } from './slices/insights/ai.service.ts';
import { createReportService } from './slices/insights/reports.service.ts';
import { createInsightService, type Person } from './slices/insights/service.ts';
import { sentences } from './slices/knowledge/sentences.ts';
import { languageOf, termOf, words } from './slices/knowledge/terms.ts';
import { requireConsent, type ConsentService } from './slices/privacy/consents.service.ts';
import type { SessionService } from './slices/sessions/service.ts';
import type { PackService } from './slices/supervision/packs.service.ts';
import type { SafetyService } from './slices/supervision/safety.service.ts';

/** Whether a model may be asked how somebody seems to feel, and what it said be shown. */
export const toneStates =
  ({ db }: { db: Database }, { consents, safety }: { consents: ConsentService; safety: SafetyService }) =>
  async (orgId: string, person: Person): Promise<'off' | 'consent-needed' | 'on'> => {
    if (!(await safety.within(db.in(orgId), orgId)).emotionInference) return 'off';
    return (await consents.hasGiven(db.in(orgId), orgId, person, 'emotion')) ? 'on' : 'consent-needed';
  };

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
    packs: PackService;
    safety: SafetyService;
  },
) {
  const { clients, goals, threads, questionnaires, sessions, consents, asking, packs, safety } = parts;
  const newest = { limit: 100 };
  const insights = createInsightService({
    db,
    audit,
    session: sessions.get,
    client: clients.get,
    thread: threads.get,
    sessionsOf: async (actor, of, limit) => (await sessions.list(actor, { ...of, limit })).items,
    goalsOf: async (actor, clientId) => (await goals.list(actor, clientId, newest)).items,
    goalsAmong: (orgId, clientId, ids) => goals.chosen(db.in(orgId), orgId, clientId, ids),
    async questionnairesOf(actor, of) {
      const subject = { clientId: null, sessionId: null, ...of };
      return (await questionnaires.page(actor, subject, newest)).items;
    },
    toneStateOf: toneStates({ db }, { consents, safety }),
    rulesFor(text) {
      const language = languageOf(text, null);
      return { words, sentences, termOf: (word) => termOf(word, language) };
    },
  });
  const aiInsights = createAiInsightService({
    db,
    audit,
    log,
    insights,
    ask: asking.askDefault,
    requireProcessing: (orgId, person) => consents.require(orgId, person, 'ai-processing'),
    async processingGate(orgId) {
      const gate = await consents.gate(orgId);
      return async (within, person) =>
        requireConsent(await gate.missing(within, person, ['ai-processing']), 'ai-processing');
    },
    async requireTone(within, orgId, person) {
      await packs.requireEmotionInference(orgId, within);
      if (!(await safety.within(within, orgId)).emotionInference)
        throw new AppError('wrong-state', {
          detail: 'Guesses of emotion are off. Whoever manages safety can switch them on.',
        });
      if (!(await consents.hasGiven(within, orgId, person, 'emotion'))) requireConsent(['emotion'], 'emotion');
    },
  });
  const reports = createReportService({ db, audit, insights, ai: aiInsights, keepThread: threads.keep });
  return { insights, aiInsights, reports };
}
