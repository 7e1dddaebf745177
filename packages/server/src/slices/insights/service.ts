import type { Goal } from '@rapport/protocol/goals';
import type { ClientInsight, GoalProgress, SessionInsight } from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';
import type { Session } from '@rapport/protocol/sessions';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { readEventsOfTypes } from '../../platform/events/store.ts';
import type { Line } from './summary.ts';
import {
  conversationInsight,
  goalsIn,
  returningTerms,
  toldBy,
  type TextRules,
  type ToldEvent,
} from './conversation.ts';
import { digestOf, type SessionDigest } from './digest.ts';

const mostSessions = 50;
const names = { client: 'Client', persona: 'Persona', staff: 'Team' } as const;

/** What insights ask of the other slices: they themselves read the log only. */
interface Doors {
  /** Throws `not-found`, also for a session this actor may not know of. */
  session(actor: Actor, id: string): Promise<Session>;
  /** The newest first. Throws `not-found` for a client this actor may not know of. */
  sessionsOf(actor: Actor, clientId: string, limit: number): Promise<Session[]>;
  /** The newest hundred of a client whom the actor may know of. */
  goalsOf(actor: Actor, clientId: string): Promise<Goal[]>;
  /** Those of the client among these. */
  goalsAmong(orgId: string, clientId: string, ids: string[]): Promise<Goal[]>;
  /** The newest hundred, newest first. */
  questionnairesOf(actor: Actor, of: { clientId: string } | { sessionId: string }): Promise<Questionnaire[]>;
  rulesFor(text: string): TextRules;
}

export type InsightService = ReturnType<typeof createInsightService>;

function progressOf({ id, title, state, milestones, updatedAt }: Goal): GoalProgress {
  const count = (wanted: Goal['state']) => milestones.filter((one) => one.state === wanted).length;
  return {
    goalId: id,
    title,
    state,
    milestones: { reached: count('reached'), open: count('open'), dropped: count('dropped') },
    updatedAt,
  };
}

const answeredIn = (all: Questionnaire[]): Questionnaire[] =>
  all.filter(({ result }) => result !== null).sort((a, b) => (a.answeredAt ?? '').localeCompare(b.answeredAt ?? ''));

/** What can be counted and quoted of conversations. Every number names the events or records that it was made of. */
export function createInsightService(parts: { db: Database; audit: Audit } & Doors) {
  const { db, audit, rulesFor } = parts;

  const eventsOf = (orgId: string, { roomId }: Session): Promise<ToldEvent[]> =>
    readEventsOfTypes(db.in(orgId), orgId, roomId, [...toldBy], 'staff');

  const chosenGoals = async (orgId: string, { client }: Session, events: ToldEvent[]) => {
    const chosen = goalsIn(events);
    if (!client || !chosen || chosen.goalIds.length === 0) return [];
    const goals = await parts.goalsAmong(orgId, client.id, chosen.goalIds);
    return goals.map((goal) => ({ ...progressOf(goal), seq: chosen.seq }));
  };

  return {
    /** Throws `not-found`. */
    roomOf: async (actor: Actor, sessionId: string): Promise<string> => (await parts.session(actor, sessionId)).roomId,

    /** What was said, in order. Throws `not-found`. */
    async linesOf(actor: Actor, sessionId: string): Promise<Line[]> {
      const events = await eventsOf(actor.orgId, await parts.session(actor, sessionId));
      return events.flatMap(({ seq, data }) =>
        'author' in data ? [{ seq, who: names[data.author], text: data.text }] : [],
      );
    },

    /** Throws `not-found`. */
    async ofSession(actor: Actor, sessionId: string): Promise<SessionInsight> {
      requireStaff(actor);
      const session = await parts.session(actor, sessionId);
      await audit.read(actor, 'insight.read', { session: sessionId, client: session.client?.id ?? null });
      const events = await eventsOf(actor.orgId, session);
      return {
        sessionId,
        title: session.title,
        throughSeq: events.at(-1)?.seq ?? 0,
        ...conversationInsight(events, rulesFor),
        goals: await chosenGoals(actor.orgId, session, events),
        questionnaires: answeredIn(await parts.questionnairesOf(actor, { sessionId })),
      };
    },

    /** The newest fifty sessions of a client, oldest first. Throws `not-found`. */
    async ofClient(actor: Actor, clientId: string): Promise<ClientInsight> {
      requireStaff(actor);
      const sessions = (await parts.sessionsOf(actor, clientId, mostSessions)).reverse();
      await audit.read(actor, 'insight.read', { client: clientId });
      const digests: ({ session: Session } & SessionDigest)[] = [];
      for (const session of sessions)
        digests.push({ session, ...digestOf(await eventsOf(actor.orgId, session), rulesFor) });
      const topics = returningTerms(digests).map(({ word, texts }) => ({
        word,
        sessions: texts.map(({ session }) => session.id),
      }));
      const choosing = (goalId: string): string[] =>
        digests.filter(({ goalIds }) => goalIds.includes(goalId)).map(({ session }) => session.id);
      const records = actor.permissions.has('clients.read');
      return {
        clientId,
        sessions: digests.map(({ session: { id, title, createdAt }, point }) => ({
          sessionId: id,
          title,
          at: createdAt,
          ...point,
        })),
        topics,
        goals: records
          ? (await parts.goalsOf(actor, clientId)).map((goal) => ({ ...progressOf(goal), sessions: choosing(goal.id) }))
          : null,
        questionnaires: records ? answeredIn(await parts.questionnairesOf(actor, { clientId })) : null,
      };
    },
  };
}
