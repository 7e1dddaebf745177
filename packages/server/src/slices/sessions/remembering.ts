import type { Database, Tx } from '../../platform/db/db.ts';
import type { Logger } from '../../platform/logger.ts';
import type { ThreadService } from '../clients/threads.service.ts';
import type { ProviderService } from '../inference/providers.service.ts';
import type { Ended, ProposalService } from '../memory/proposals.service.ts';
import type { PersonaService } from '../personas/service.ts';
import type { ConsentGate, ConsentService } from '../privacy/consents.service.ts';
import { listMessages } from './messages.store.ts';
import type { SessionRow } from './schema.ts';
import { subjectOf } from './session.ts';

/** The newest messages of a conversation that are looked through when it ends. */
const linesRead = 500;

export type Remembering = ReturnType<typeof createRemembering>;

/** What the end of a session leaves to be remembered. */
export function createRemembering(parts: {
  db: Database;
  log: Logger;
  consents: ConsentService;
  personas: PersonaService;
  providers: ProviderService;
  proposals: ProposalService;
  threads: Pick<ThreadService, 'named'>;
}) {
  const { db, log, consents, personas, providers, proposals, threads } = parts;

  const askModel = async (orgId: string, row: SessionRow, gate: ConsentGate, ended: Ended): Promise<void> => {
    if ((await gate.missing(db.in(orgId), subjectOf(row), ['ai-processing', 'memory'])).length > 0) return;
    const { spec } = await personas.publishedSpec(orgId, row.persona_id, row.persona_version);
    const { engine, model } = await providers.engineFor(orgId, spec.model.providerId, spec.model.model);
    const asker = { personaId: row.persona_id, userId: row.created_by };
    if (engine) await proposals.ask(orgId, gate, ended, { engine, model, asker });
  };

  return {
    /** Asked before the transaction that ends a session: it must not wait for a second connection. */
    async begin(orgId: string) {
      const [gate, policy] = await Promise.all([consents.gate(orgId), proposals.policy(orgId)]);
      return {
        async onEnd(tx: Tx, row: SessionRow): Promise<void> {
          if (row.client_id === null || policy.propose === 'never') return;
          const lines = await listMessages(tx, orgId, row.id, null, linesRead);
          if (!lines.some(({ author }) => author === 'client')) return;
          const thread = row.thread_id === null ? null : await threads.named(tx, orgId, row.thread_id);
          const ended = { sessionId: row.id, clientId: row.client_id, thread, lines };
          await proposals.lift(tx, orgId, gate, policy, ended);
          if (policy.propose !== 'model') return;
          tx.afterCommit(() => {
            askModel(orgId, row, gate, ended).catch((error: Error) =>
              log.warn({ err: error.message, sessionId: row.id }, 'a model was asked what to remember, in vain'),
            );
          });
        },
      };
    },
  };
}
