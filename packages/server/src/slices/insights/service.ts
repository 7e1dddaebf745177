import type { AiPoint, AiSummary, ToneGuess } from '@rapport/protocol/aiInsights';
import type { Goal } from '@rapport/protocol/goals';
import type {
  ClientGoal,
  ClientInsight,
  GoalProgress,
  SessionInsight,
  Side,
  ThreadInsight,
} from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';
import type { Session } from '@rapport/protocol/sessions';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { readEventsOfTypes } from '../../platform/events/store.ts';
import type { SealedFor } from '../../platform/keys/codec.ts';
import { findInsight, type Subject } from './ai.store.ts';
import { mostCharacters, type Line } from './summary.ts';
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
  /** Throws `not-found` for a client this actor may not know of. */
  client(actor: Actor, id: string): Promise<{ name: string }>;
  /** Throws `not-found` for a thread this actor may not know of. */
  thread(actor: Actor, id: string): Promise<{ name: string; client: { id: string }; goalIds: string[] }>;
  /** Of a client, or those that continue a thread; the newest first. */
  sessionsOf(actor: Actor, of: { clientId: string } | { threadId: string }, limit: number): Promise<Session[]>;
  /** The newest hundred of a client whom the actor may know of. */
  goalsOf(actor: Actor, clientId: string): Promise<Goal[]>;
  /** Those of the client among these. */
  goalsAmong(orgId: string, clientId: string, ids: string[]): Promise<Goal[]>;
  /** The newest hundred, newest first. */
  questionnairesOf(actor: Actor, of: { clientId: string } | { sessionId: string }): Promise<Questionnaire[]>;
  /** Whether a model may be asked how somebody seems to feel. */
  toneStateOf(orgId: string, person: Person): Promise<SessionInsight['tone']['state']>;
  rulesFor(text: string): TextRules;
}

/** Whose conversations they are: the client on record, or else whoever is in the session. */
export type Person = { kind: 'client' | 'session'; id: string };

/** What a report, or a question to a model, is about. */
export interface About {
  subject: Subject;
  title: string;
  sealedFor: SealedFor;
  person: Person;
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

const linesIn = (sessionId: string, events: ToldEvent[]): Line[] =>
  events.flatMap(({ seq, at, data }) =>
    'author' in data ? [{ sessionId, seq, at, who: names[data.author], text: data.text }] : [],
  );

const aboutSession = ({ id, title, roomId, client }: Session): About => ({
  subject: { sessionId: id, clientId: null, threadId: null },
  title,
  person: client ? { kind: 'client', id: client.id } : { kind: 'session', id },
  sealedFor: { room: roomId },
});

/** What can be counted and quoted of conversations. Every number names the events or records that it was made of. */
export function createInsightService(parts: { db: Database; audit: Audit } & Doors) {
  const { db, audit, rulesFor } = parts;

  const eventsOf = (orgId: string, { roomId }: Session): Promise<ToldEvent[]> =>
    readEventsOfTypes(db.in(orgId), orgId, roomId, [...toldBy], 'staff');

  const summaryOf = async (orgId: string, subject: Subject): Promise<AiSummary | null> =>
    findInsight<AiPoint>(db.in(orgId), orgId, 'summary', subject);

  /** What was guessed while it was allowed is not shown while it is not. */
  const toneOf = async (orgId: string, { subject, person }: About): Promise<SessionInsight['tone']> => {
    const state = await parts.toneStateOf(orgId, person);
    const guessed = await findInsight<ToneGuess>(db.in(orgId), orgId, 'tone', subject);
    return state === 'on' ? { state, guessed } : { state, guessed: null, withheld: guessed?.id };
  };

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
    threadId: string | null,
    digests: ({ session: Session } & SessionDigest)[],
  ): Promise<ClientInsight> => {
    const choosing = (goalId: string): string[] =>
      digests.filter(({ goalIds }) => goalIds.includes(goalId)).map(({ session }) => session.id);
    const records = actor.permissions.has('clients.read');
    const goals = records ? await parts.goalsOf(actor, clientId) : null;
    const answered = records ? answeredIn(await parts.questionnairesOf(actor, { clientId })) : null;
    const sideOf = (name: keyof ClientInsight['sides']) => sumOf(digests.map(({ sides }) => sides[name]));
    const within = new Set<string | null>(digests.map(({ session }) => session.id));
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
      sides: { client: sideOf('client'), persona: sideOf('persona'), team: sideOf('team') },
      quotes: digests
        .flatMap(({ session, quotes }) => quotes.map((quote) => ({ ...quote, sessionId: session.id })))
        .slice(-mostQuotes),
      questionnaires: answered?.filter(({ sessionId }) => threadId === null || within.has(sessionId)) ?? null,
      summary: await summaryOf(actor.orgId, { sessionId: null, clientId, threadId }),
    };
  };

  const about = async (actor: Actor, wanted: { [K in keyof Subject]?: string | null | undefined }): Promise<About> => {
    const { sessionId = null, clientId = null, threadId = null } = wanted;
    if (sessionId !== null) return aboutSession(await parts.session(actor, sessionId));
    const thread = threadId === null ? null : await parts.thread(actor, threadId);
    const id = thread?.client.id ?? clientId;
    if (id === null) throw notFound();
    const { name: title } = thread ?? (await parts.client(actor, id));
    const person: Person = { kind: 'client', id };
    return { subject: { sessionId: null, clientId: id, threadId }, title, person, sealedFor: { holder: id } };
  };

  /** Newest first. */
  const sessionsOf = async (actor: Actor, { sessionId, clientId, threadId }: Subject): Promise<Session[]> => {
    if (sessionId !== null) return [await parts.session(actor, sessionId)];
    if (threadId !== null) return parts.sessionsOf(actor, { threadId }, mostSessions);
    return clientId === null ? [] : parts.sessionsOf(actor, { clientId }, mostSessions);
  };

  return {
    /** What is asked about, where the actor may know of it. Throws `not-found`. */
    about,

    summaryOf,

    toneOf,

    showsTone: async (orgId: string, { person }: About): Promise<boolean> =>
      (await parts.toneStateOf(orgId, person)) === 'on',

    /**
     * What was said, oldest first: of the newest sessions as much as a model is given. On whose account it is asked is the
     * persona of the newest; null where there was no session.
     */
    async talksOf(actor: Actor, { subject }: About): Promise<{ personaId: string | null; lines: Line[] }> {
      const sessions = await sessionsOf(actor, subject);
      let lines: Line[] = [];
      let characters = 0;
      for (const session of sessions) {
        if (characters > mostCharacters) break;
        const said = linesIn(session.id, await eventsOf(actor.orgId, session));
        characters += said.reduce((sum, { text }) => sum + text.length, 0);
        lines = [...said, ...lines];
      }
      return { personaId: sessions[0]?.persona.id ?? null, lines };
    },

    /** Throws `not-found`. */
    async ofSession(actor: Actor, sessionId: string): Promise<SessionInsight> {
      requireStaff(actor);
      const session = await parts.session(actor, sessionId);
      const of = aboutSession(session);
      await audit.read(actor, 'insight.read', { session: sessionId, client: session.client?.id ?? null });
      const events = await eventsOf(actor.orgId, session);
      return {
        sessionId,
        title: session.title,
        throughSeq: events.at(-1)?.seq ?? 0,
        ...conversationInsight(events, rulesFor),
        goals: await chosenGoals(actor.orgId, session, events),
        questionnaires: answeredIn(await parts.questionnairesOf(actor, { sessionId })),
        summary: await summaryOf(actor.orgId, of.subject),
        tone: await toneOf(actor.orgId, of),
      };
    },

    /** The newest fifty sessions of a client, oldest first. Throws `not-found`. */
    async ofClient(actor: Actor, clientId: string): Promise<ClientInsight> {
      requireStaff(actor);
      const { subject } = await about(actor, { clientId });
      const sessions = await sessionsOf(actor, subject);
      await audit.read(actor, 'insight.read', { client: clientId });
      return over(actor, clientId, null, await digestsOf(actor.orgId, sessions.reverse()));
    },

    /** The newest fifty sessions of a thread, oldest first. Throws `not-found`. */
    async ofThread(actor: Actor, threadId: string): Promise<ThreadInsight> {
      requireStaff(actor);
      const { goalIds, client } = await parts.thread(actor, threadId);
      const sessions = await parts.sessionsOf(actor, { threadId }, mostSessions);
      await audit.read(actor, 'insight.read', { thread: threadId, client: client.id });
      const told = await over(actor, client.id, threadId, await digestsOf(actor.orgId, sessions.reverse()));
      const serves = ({ goalId, sessions: chosen }: ClientGoal) => chosen.length > 0 || goalIds.includes(goalId);
      return { ...told, threadId, goals: told.goals?.filter(serves) ?? null };
    },
  };
}
