import type { Audit } from './platform/audit/audit.ts';
import type { Database } from './platform/db/db.ts';
import type { Logger } from './platform/logger.ts';
import type { ClientService } from './slices/clients/service.ts';
import { createAsk } from './slices/inference/asking.ts';
import type { ProviderService } from './slices/inference/providers.service.ts';
import { createReportService } from './slices/insights/reports.service.ts';
import { createInsightService } from './slices/insights/service.ts';
import { sentences } from './slices/knowledge/sentences.ts';
import { languageOf, termOf, words } from './slices/knowledge/terms.ts';
import type { ConsentService } from './slices/privacy/consents.service.ts';
import type { SessionService } from './slices/sessions/service.ts';

/** What the log tells of conversations, for those who may see them, and what people write about it. */
export function createInsights(
  { audit, db, log }: { audit: Audit; db: Database; log: Logger },
  parts: { clients: ClientService; sessions: SessionService; consents: ConsentService; providers: ProviderService },
) {
  const { clients, sessions, consents, providers } = parts;
  const insights = createInsightService({
    db,
    audit,
    session: sessions.get,
    async sessionsOf(actor, clientId, limit) {
      await clients.get(actor, clientId);
      return (await sessions.list(actor, { clientId, limit })).items;
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
    ask: createAsk(providers),
    requireClient: async (actor, clientId) => void (await clients.get(actor, clientId)),
    async requireProcessing(actor, sessionId) {
      const { client } = await sessions.get(actor, sessionId);
      const subject = client ? { kind: 'client' as const, id: client.id } : { kind: 'session' as const, id: sessionId };
      await consents.require(actor.orgId, subject, 'ai-processing');
    },
  });
  return { insights, reports };
}
