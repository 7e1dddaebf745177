import type { AiPoint } from '@rapport/protocol/aiInsights';
import type { ClientInsight, SessionPoint } from '@rapport/protocol/insights';
import type { ReportSection } from '@rapport/protocol/reports';
import { pointLine, quoteLine, ratingLine, riskLine, sessionLine, times, topicLine } from './lines.ts';
import { answersSection, goalLine, lines, section, sideLines, some } from './sections.ts';

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
    points.map(pointLine),
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
        ...sessions.map(sessionLine),
        ...(sessions.length > 0 ? ['Over all of them:', ...sideLines(sides)] : []),
      ),
      placesIn(
        sessions,
        sessions.flatMap(({ sessionId, seqs }) => seqs.map((seq) => ({ sessionId, seq }))),
      ),
    ),
    ...some('counted', 'What returns', topics.map(topicLine)),
    ...some('quoted', 'In the client’s words', quotes.map(quoteLine), placesIn(sessions, quotes)),
    ...some(
      'counted',
      'How the sessions went',
      sessions.map(ratingLine),
      placesIn(
        sessions,
        sessions.flatMap(({ sessionId, rating }) => (rating ? [{ sessionId, seq: rating.seq }] : [])),
      ),
    ),
    ...some(
      'counted',
      'Risk over time',
      sessions.map(riskLine),
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
