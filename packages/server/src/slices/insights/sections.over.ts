import type { AiPoint } from '@rapport/protocol/aiInsights';
import type { ClientInsight, SessionPoint } from '@rapport/protocol/insights';
import type { ReportSection } from '@rapport/protocol/reports';
import {
  answersSection,
  goalLine,
  lines,
  quoteLine,
  scores,
  section,
  sideLines,
  some,
  stamp,
  times,
} from './sections.ts';

type Sessions = Pick<SessionPoint, 'sessionId' | 'title'>[];

/** The same places, by session in the order of these. */
const placesIn = (
  sessions: Sessions,
  all: { sessionId: string; seq: number }[],
): { places: ReportSection['places'] } => ({
  places: sessions.flatMap(({ sessionId, title }) => {
    const seqs = [...new Set(all.filter((one) => one.sessionId === sessionId).map(({ seq }) => seq))];
    return seqs.length === 0 ? [] : [{ sessionId, title, seqs: seqs.sort((a, b) => a - b) }];
  }),
});

/** What a model said that the client said; null: in one session. */
export const summarySection = (points: AiPoint[], sessions: Sessions | null): ReportSection[] =>
  some(
    'ai',
    'Summary',
    points.map(({ text, quote }) => `${text} (“${quote}”)`),
    sessions === null ? { seqs: points.map(({ seq }) => seq) } : placesIn(sessions, points),
  );

/** What a report on a client, or on a thread of theirs, begins with. */
export function sectionsOver(insight: ClientInsight): ReportSection[] {
  const { sessions, topics, goals, questionnaires, quotes, sides } = insight;
  return [
    section(
      'counted',
      'The sessions',
      lines(
        sessions.length === 0 && 'There was no session yet.',
        ...sessions.map(
          (one) =>
            `${stamp(one.at)}: ${one.title}, ${times(one.minutes, 'minute')}, ${times(one.clientMessages, 'message')} and ${times(one.clientWords, 'word')} of the client, highest risk ${one.highestRisk}.`,
        ),
        ...(sessions.length > 0 ? ['Over all of them:', ...sideLines(sides)] : []),
      ),
      placesIn(
        sessions,
        sessions.flatMap(({ sessionId, seqs }) => seqs.map((seq) => ({ sessionId, seq }))),
      ),
    ),
    ...some(
      'counted',
      'What returns',
      topics.map(({ word, sessions: where }) => `${word}: in ${times(where.length, 'session')}.`),
    ),
    ...some('quoted', 'In the client’s words', quotes.map(quoteLine), placesIn(sessions, quotes)),
    ...some(
      'counted',
      'How the sessions went',
      sessions.map(({ at, title, rating }) => rating !== null && `${stamp(at)}: ${title}: ${scores(rating)}.`),
      placesIn(
        sessions,
        sessions.flatMap(({ sessionId, rating }) => (rating ? [{ sessionId, seq: rating.seq }] : [])),
      ),
    ),
    ...some(
      'counted',
      'Risk over time',
      sessions.map(
        ({ at, title, flags, levels, escalations }) =>
          flags + escalations > 0 &&
          `${stamp(at)}: ${title}: ${times(flags, 'flag')} (${levels.high} high, ${levels.elevated} elevated, ${levels.low} low), a person was called ${times(escalations, 'time')}.`,
      ),
      placesIn(
        sessions,
        sessions.flatMap(({ sessionId, riskSeqs }) => riskSeqs.map((seq) => ({ sessionId, seq }))),
      ),
    ),
    ...some(
      'counted',
      'Goals',
      (goals ?? []).map(
        (goal) =>
          `${goalLine(goal)}${goal.sessions.length > 0 ? ` Chosen in ${times(goal.sessions.length, 'session')}.` : ''}`,
      ),
    ),
    ...answersSection(questionnaires ?? []),
  ];
}
