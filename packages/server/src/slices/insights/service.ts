import type { ClientInsight, SessionInsight } from '@rapport/protocol/insights';
import { riskLevels } from '@rapport/protocol/safety';
import type { Session } from '@rapport/protocol/sessions';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database } from '../../platform/db/db.ts';
import { readEventsOfTypes } from '../../platform/events/store.ts';
import type { Line } from './summary.ts';
import { conversationInsight, returningTerms, toldBy, type TextRules, type ToldEvent } from './conversation.ts';

const mostSessions = 50;
const names = { client: 'Client', persona: 'Persona', staff: 'Team' } as const;

/** What insights ask of the other slices: they themselves read the log only. */
interface Doors {
  /** Throws `not-found`, also for a session this actor may not know of. */
  session(actor: Actor, id: string): Promise<Session>;
  /** The newest first. Throws `not-found` for a client this actor may not know of. */
  sessionsOf(actor: Actor, clientId: string, limit: number): Promise<Session[]>;
  rulesFor(text: string): TextRules;
}

export type InsightService = ReturnType<typeof createInsightService>;

/** What can be counted and quoted of conversations. Every number names the events of the log that it was made of. */
export function createInsightService(parts: { db: Database; audit: Audit } & Doors) {
  const { db, audit, rulesFor } = parts;

  const eventsOf = (orgId: string, { roomId }: Session): Promise<ToldEvent[]> =>
    readEventsOfTypes(db.in(orgId), orgId, roomId, [...toldBy], 'staff');

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
      };
    },

    /** The newest fifty sessions of a client, oldest first. Throws `not-found`. */
    async ofClient(actor: Actor, clientId: string): Promise<ClientInsight> {
      requireStaff(actor);
      const sessions = (await parts.sessionsOf(actor, clientId, mostSessions)).reverse();
      await audit.read(actor, 'insight.read', { client: clientId });
      const points: ClientInsight['sessions'] = [];
      const texts: { id: string; text: string }[] = [];
      for (const session of sessions) {
        const events = await eventsOf(actor.orgId, session);
        const { from, to, sides, latency, risk } = conversationInsight(events, rulesFor);
        const written = events.flatMap(({ data }) => ('author' in data && data.author === 'client' ? [data.text] : []));
        texts.push({ id: session.id, text: written.join('\n') });
        points.push({
          sessionId: session.id,
          title: session.title,
          at: session.createdAt,
          minutes: from && to ? Math.round((Date.parse(to) - Date.parse(from)) / 60_000) : 0,
          clientWords: sides.client.words,
          clientMessages: sides.client.messages,
          clientMedianMs: latency.client.medianMs,
          highestRisk: riskLevels[Math.max(0, ...risk.map(({ level }) => riskLevels.indexOf(level)))] ?? 'none',
          flags: risk.length,
        });
      }
      const rules = rulesFor(texts.map(({ text }) => text).join('\n'));
      const topics = returningTerms(texts, rules).map(({ word, texts: where }) => ({
        word,
        sessions: where.map(({ id }) => id),
      }));
      return { clientId, sessions: points, topics };
    },
  };
}
