import type { MemoryOrigin, MemoryPolicy } from '@rapport/protocol/memory';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Engine } from '../inference/engines/engine.ts';
import type { Asker, Asking } from '../inference/asking.ts';
import type { ConsentGate } from '../privacy/consents.service.ts';
import { liftStatements, sameAs, sensitivityOf } from './lift.ts';
import { policyOf } from './policy.ts';
import { proposalPrompt, readProposals, shownLines, type Line, type Proposed } from './propose.ts';
import { standsIn } from './quotes.ts';
import * as store from './store.ts';

export type ProposalService = ReturnType<typeof createProposalService>;

/** A conversation that has ended, with a client on record. */
export interface Ended {
  sessionId: string;
  clientId: string;
  /** The thread that it continues. */
  thread: { id: string; name: string } | null;
  /** In order. */
  lines: Line[];
}

const mostLifted = 20;
/** Whose statements are compared, so that nothing is proposed twice. */
const mostKnown = 1000;
const patienceMs = 60_000;
const longestAnswer = 20_000;

type Found = Proposed & { origin: MemoryOrigin };

/** What is proposed for remembering when a conversation has ended. */
export function createProposalService(parts: { db: Database; audit: Audit; log: Logger; asking: Pick<Asking, 'ask'> }) {
  const { db, audit, log, asking } = parts;

  /** Stores what is new of it. A client's own words may hold at once by policy; what is sensitive always waits. */
  const insert = async (tx: Tx, orgId: string, ended: Ended, all: Found[], auto: boolean) => {
    const { sessionId, clientId, lines } = ended;
    const client = { kind: 'client' as const, id: clientId, clientId };
    const thread = ended.thread && { kind: 'thread' as const, id: ended.thread.id, clientId };
    // A model answers late: the session may have left its thread, and that may be gone.
    const continued = thread && (await store.keepSubject(tx, orgId, thread)) ? thread : null;
    const before = await store.listMemories(tx, orgId, client, { before: null, limit: mostKnown });
    const known = new Set(before.map(({ statement }) => sameAs(statement)));
    const made: string[] = [];
    for (const { statement, origin, ofThread, ...quote } of all) {
      const line = lines.find(({ id }) => id === quote.messageId);
      // Whoever found it: nothing is stored with a quote that nobody said.
      if (known.has(sameAs(statement)) || !line || !standsIn(line.text, quote)) continue;
      known.add(sameAs(statement));
      const sensitivity = sensitivityOf(`${statement} ${quote.quote}`);
      const approved = auto && origin === 'client' && sensitivity === 'normal';
      const id = newId();
      const subject = (ofThread ? continued : null) ?? client;
      await store.insertMemory(
        tx,
        orgId,
        { id, subject, statement, origin, references: [], evidence: [{ ...quote, sessionId }] },
        approved ? 'approved' : 'proposed',
        {
          status: approved ? 'approved' : 'proposed',
          tags: [],
          sensitivity,
          salience: 3,
          validFrom: null,
          validTo: null,
          approvedBy: null,
          approvedAt: approved ? new Date().toISOString() : null,
        },
        { kind: 'system', userId: null },
      );
      made.push(id);
    }
    if (made.length > 0)
      audit.record(tx, { kind: 'system', orgId }, 'memory.proposed', { memory: made, client: clientId });
  };

  const mayRemember = async (tx: Tx, gate: ConsentGate, { clientId }: Ended): Promise<boolean> =>
    (await gate.missing(tx, { kind: 'client', id: clientId }, ['memory'])).length === 0;

  return {
    policy: (orgId: string): Promise<MemoryPolicy> => policyOf(db.in(orgId), orgId),

    /** By rules, in the transaction that ends the conversation: what the client said of themselves, word for word. */
    async lift(tx: Tx, orgId: string, gate: ConsentGate, policy: MemoryPolicy, ended: Ended): Promise<void> {
      if (policy.propose === 'never' || !(await mayRemember(tx, gate, ended))) return;
      const found = ended.lines
        .filter(({ author }) => author === 'client')
        .flatMap(({ id, text }) =>
          liftStatements(text).map(({ statement, ...place }) => ({
            statement,
            quote: statement,
            messageId: id,
            origin: 'client' as const,
            ofThread: false,
            ...place,
          })),
        )
        .slice(0, mostLifted);
      await insert(tx, orgId, ended, found, policy.autoApprove);
    },

    /** By a model, afterwards. What it gets wrong, or nothing at all, leaves the conversation as it ended. Throws as `Asking`. */
    async ask(
      orgId: string,
      gate: ConsentGate,
      ended: Ended,
      chosen: { engine: Engine; model: string; asker: Asker },
    ): Promise<void> {
      const shown = shownLines(ended.lines);
      const signal = AbortSignal.timeout(patienceMs);
      const limits = { maxTokens: 1500, longest: longestAnswer, tries: 2, signal };
      const answer = await asking.ask(
        orgId,
        chosen.asker,
        chosen,
        proposalPrompt(shown, ended.thread?.name ?? null),
        limits,
      );
      const proposed = readProposals(answer, shown);
      if (!proposed) {
        log.warn({ sessionId: ended.sessionId }, 'a model proposed memories in a form that is not read; none are kept');
        return;
      }
      const found = proposed.map((one) => ({ ...one, origin: 'inferred' as const }));
      await db.in(orgId).tx(async (tx) => {
        // The person may have said no while the model was asked, and the conversation may be gone.
        if (!(await mayRemember(tx, gate, ended))) return;
        await insert(tx, orgId, ended, found, false);
      });
    },
  };
}
