import type { AiSummary, AiTone, ToneGuess } from '@rapport/protocol/aiInsights';
import type { EngineName } from '@rapport/protocol/inference';
import type { AboutOne } from '@rapport/protocol/reports';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Db, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import * as store from './ai.store.ts';
import type { About, InsightService, Person } from './service.ts';
import { keptOf, summary, withinPrompt, type Kept, type Task } from './summary.ts';
import { tone } from './tone.ts';

/** Answers one question; null where no model is set up. */
type Ask = (
  orgId: string,
  /** On whose account a model is asked. */
  asker: { personaId: string; userId: string },
  question: { system: string; user: string; maxTokens: number; longest: number; signal: AbortSignal },
) => Promise<{ text: string; by: EngineName } | null>;

interface Parts {
  db: Database;
  audit: Audit;
  log: Logger;
  insights: InsightService;
  ask: Ask;
  /** Throws `consent-needed` where what the client said may not be given to a model. */
  requireProcessing(orgId: string, person: Person): Promise<void>;
  /** The same within a transaction. Ask for it before one begins: it may need a connection of its own. */
  processingGate(orgId: string): Promise<(within: Db, person: Person) => Promise<void>>;
  /** Throws where no model may be asked how this person seems to feel: `pack-forbids`, `wrong-state`, `consent-needed`. */
  requireTone(within: Db, orgId: string, person: Person): Promise<void>;
}

export type AiInsightService = ReturnType<typeof createAiInsightService>;

const patienceMs = 90_000;
const longestAnswer = 20_000;

const namesOf = ({ sessionId, clientId, threadId }: store.Subject) => ({
  session: sessionId,
  client: clientId,
  thread: threadId,
});

const clientOf = (person: Person): string | null => (person.kind === 'client' ? person.id : null);

const nothingKept = () =>
  new AppError('provider-failed', {
    detail: 'Nothing that the model said rests on words of the client, so nothing of it is kept. Try again.',
  });

export const noGuess = () =>
  new AppError('wrong-state', { detail: 'There is no guess at the tone of this session that could be added.' });

/** What a model is asked about conversations when a person of the team wants it; each point rests on words of the client. */
export function createAiInsightService(parts: Parts) {
  const { db, audit, log, insights } = parts;

  const answerOf = async <Point>(actor: StaffActor, personaId: string, task: Task<Point>, user: string) => {
    const { system, maxTokens } = task;
    const signal = AbortSignal.timeout(patienceMs);
    const question = { system, user, maxTokens, longest: longestAnswer, signal };
    const asker = { personaId, userId: actor.userId };
    const answer = await parts.ask(actor.orgId, asker, question).catch((error: Error) => {
      if (error instanceof AppError) throw error;
      log.warn({ err: error.message }, 'a model did not answer about a conversation');
      throw new AppError('provider-failed', {
        detail: 'The model did not answer. Try again, or go on without it.',
      });
    });
    if (answer) return answer;
    throw new AppError('provider-failed', {
      detail: 'No model is set up that could be asked. Go on without it, or add a provider.',
    });
  };

  /** That a guess may be shown, until the commit. */
  const keepTone = async (tx: Tx, orgId: string, { subject, person }: About) => {
    const clientId = clientOf(person);
    if ((await store.holdSubject(tx, orgId, { subject, clientId, quoted: [] })) === null) throw notFound();
    await parts.requireTone(tx, orgId, person);
  };

  const make = async <Point>(
    actor: StaffActor,
    about: About,
    kind: store.AiKind,
    task: Task<Point>,
  ): Promise<{ points: Kept<Point>[]; leftOut: number }> => {
    const { personaId, lines } = await insights.talksOf(actor, about);
    const { prompt, sent } = withinPrompt(lines);
    if (personaId === null || !sent.some(({ who }) => who === 'Client'))
      throw new AppError('wrong-state', {
        detail: 'The client has written nothing, or nothing lately, that a model could be asked about.',
      });
    const answer = await answerOf(actor, personaId, task, prompt);
    const kept = keptOf(task, answer.text, sent);
    const { subject } = about;
    const act = kind === 'summary' ? 'insight.summarised' : 'insight.tone-judged';
    if (kept.points.length === 0) {
      await audit.note(actor, act, namesOf(subject));
      return kept;
    }
    const made = { id: newId(), kind, subject, engine: answer.by, askedBy: actor.userId, ...kept };
    const requireStill = await parts.processingGate(actor.orgId);
    return audit.acting(actor, act, namesOf(subject), async (tx) => {
      // What allowed it, or what it is about, may be gone since the model was asked; from here on it stays until the commit.
      const { person } = about;
      const quoted = kept.points.map(({ sessionId }) => sessionId);
      const clientId = clientOf(person);
      const rooms = await store.holdSubject(tx, actor.orgId, { subject, clientId, quoted });
      const points = kept.points.filter(({ sessionId }) => rooms?.has(sessionId));
      if (rooms === null || points.length === 0) throw notFound();
      if (kind === 'tone') await parts.requireTone(tx, actor.orgId, person);
      await requireStill(tx, person);
      await store.putInsight(tx, actor.orgId, { ...made, points }, rooms);
      return { ...kept, points };
    });
  };

  /** Throws `consent-needed`, `budget-spent`, `wrong-state`, `provider-failed`, and `not-found` where it is gone meanwhile. */
  const summarise = async (actor: StaffActor, about: About) => {
    await parts.requireProcessing(actor.orgId, about.person);
    return make(actor, about, 'summary', summary);
  };

  return {
    summarise,

    /** Asks a model anew, in the place of what it said before. Throws `not-found` and as `summarise`. */
    async summary(actor: Actor, wanted: AboutOne): Promise<AiSummary> {
      requireStaff(actor);
      const about = await insights.about(actor, wanted);
      if ((await summarise(actor, about)).points.length === 0) throw nothingKept();
      const found = await insights.summaryOf(actor.orgId, about.subject);
      if (!found) throw notFound();
      return found;
    },

    /**
     * Has a model guess the tone of a session, in the place of what it guessed before. Throws `not-found`, `pack-forbids`,
     * and as `summarise`, also where it is switched off or the client has not agreed to it.
     */
    async tone(actor: Actor, sessionId: string): Promise<AiTone> {
      requireStaff(actor);
      const about = await insights.about(actor, { sessionId });
      await parts.requireTone(db.in(actor.orgId), actor.orgId, about.person);
      await parts.requireProcessing(actor.orgId, about.person);
      if ((await make(actor, about, 'tone', tone)).points.length === 0) throw nothingKept();
      const { guessed } = await insights.toneOf(actor.orgId, about);
      if (!guessed) throw notFound();
      return guessed;
    },

    /** What was guessed, as it stands and is allowed until the commit. Throws as `tone`, and `wrong-state` where none is. */
    async guessed(tx: Tx, orgId: string, about: About): Promise<AiTone> {
      await keepTone(tx, orgId, about);
      const found = await store.findInsight<ToneGuess>(tx, orgId, 'tone', about.subject);
      if (!found) throw noGuess();
      return found;
    },

    /** Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      const subject = await store.subjectOf(db.in(actor.orgId), actor.orgId, id);
      if (!subject) throw notFound();
      await insights.about(actor, subject);
      await audit.acting(actor, 'insight.removed', namesOf(subject), (tx) => store.deleteInsight(tx, actor.orgId, id));
    },
  };
}
