import type { Goal } from '@rapport/protocol/goals';
import type { ClientInsight, GoalProgress, SessionInsight, Side, ThreadInsight } from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';
import type { Session } from '@rapport/protocol/sessions';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
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
import * as store from './digest.store.ts';

const mostSessions = 50;
const mostQuotes = 12;
const names = { client: 'Client', persona: 'Persona', staff: 'Team' } as const;

/** What insights ask of the other slices: they themselves read the log only. */
interface Doors {
  /** Throws `not-found`, also for a session this actor may not know of. */
  session(actor: Actor, id: string): Promise<Session>;
  /** The newest first. Throws `not-found` for a client this actor may not know of. */
  sessionsOf(actor: Actor, clientId: string, limit: number): Promise<Session[]>;
  /** Those that continue a thread, the newest first. Throws `not-found` for a thread this actor may not know of. */
  sessionsOfThread(
    actor: Actor,
    threadId: string,
    limit: number,
  ): Promise<{ clientId: string; goalIds: string[]; sessions: Session[] }>;
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

const counted = ['turns', 'messages', 'words', 'questions', 'openings'] as const;

/** What one side did in all of these. */
const sumOf = (all: Side[]): Side =>
  Object.fromEntries(counted.map((what) => [what, all.reduce((sum, side) => sum + side[what], 0)])) as Side;

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

  /** Of those whose log has grown since, from the log; of all others, as they were counted then. */
  const digestsOf = async (orgId: string, sessions: Session[]): Promise<({ session: Session } & SessionDigest)[]> => {
    const known = await store.readDigests(
      db.in(orgId),
      orgId,
      sessions.map(({ id }) => id),
    );
    const byId = new Map(known.map((one) => [one.sessionId, one]));
    const all = [];
    for (const session of sessions) {
      const { headSeq = 0, digest: kept = null } = byId.get(session.id) ?? {};
      const digest = kept ?? digestOf(await eventsOf(orgId, session), rulesFor);
      if (!kept)
        await store.keepDigest(db.in(orgId), orgId, { sessionId: session.id, roomId: session.roomId, headSeq, digest });
      all.push({ session, ...digest });
    }
    return all;
  };

  /** How these sessions of a client went, what returned in them, and what they worked towards. */
  const over = async (
    actor: StaffActor,
    clientId: string,
    digests: ({ session: Session } & SessionDigest)[],
  ): Promise<Omit<ClientInsight, 'questionnaires'>> => {
    const choosing = (goalId: string): string[] =>
      digests.filter(({ goalIds }) => goalIds.includes(goalId)).map(({ session }) => session.id);
    const goals = actor.permissions.has('clients.read') ? await parts.goalsOf(actor, clientId) : null;
    return {
      clientId,
      sessions: digests.map(({ session: { id, title, createdAt }, point }) => ({
        sessionId: id,
        title,
        at: createdAt,
        ...point,
      })),
      topics: returningTerms(digests).map(({ word, texts }) => ({
        word,
        sessions: texts.map(({ session }) => session.id),
      })),
      goals: goals?.map((goal) => ({ ...progressOf(goal), sessions: choosing(goal.id) })) ?? null,
    };
  };

  return {
    /** Throws `not-found`. */
    async placeOf(actor: Actor, sessionId: string): Promise<{ roomId: string; personaId: string }> {
      const { roomId, persona } = await parts.session(actor, sessionId);
      return { roomId, personaId: persona.id };
    },

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
      const sessions = await parts.sessionsOf(actor, clientId, mostSessions);
      await audit.read(actor, 'insight.read', { client: clientId });
      const digests = await digestsOf(actor.orgId, sessions.reverse());
      const records = actor.permissions.has('clients.read');
      return {
        ...(await over(actor, clientId, digests)),
        questionnaires: records ? answeredIn(await parts.questionnairesOf(actor, { clientId })) : null,
      };
    },

    /** The newest fifty sessions of a thread, oldest first. Throws `not-found`. */
    async ofThread(actor: Actor, threadId: string): Promise<ThreadInsight> {
      requireStaff(actor);
      const thread = await parts.sessionsOfThread(actor, threadId, mostSessions);
      const { clientId } = thread;
      await audit.read(actor, 'insight.read', { thread: threadId, client: clientId });
      const digests = await digestsOf(actor.orgId, thread.sessions.reverse());
      const { goals, ...told } = await over(actor, clientId, digests);
      const sideOf = (name: keyof ThreadInsight['sides']) => sumOf(digests.map(({ sides }) => sides[name]));
      return {
        ...told,
        threadId,
        goals: goals?.filter(({ goalId, sessions }) => sessions.length > 0 || thread.goalIds.includes(goalId)) ?? null,
        sides: { client: sideOf('client'), persona: sideOf('persona'), team: sideOf('team') },
        quotes: digests
          .flatMap(({ session, quotes }) => quotes.map((quote) => ({ ...quote, sessionId: session.id })))
          .slice(-mostQuotes),
      };
    },
  };
}
