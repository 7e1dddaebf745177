import type { ClientInsight, SessionInsight, Side } from '@rapport/protocol/insights';
import type { ReportSection } from '@rapport/protocol/reports';
import { newId } from '../../platform/ids.ts';

export const section = (
  kind: ReportSection['kind'],
  heading: string,
  text: string,
  seqs: number[] = [],
): ReportSection => ({ id: newId(), kind, heading, text, seqs, edited: false });

const lines = (...all: (string | false)[]): string => all.filter((one) => one !== false).join('\n');
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
/** As people read it, in the zone of the log. */
export const stamp = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`;

const sideLine = (name: string, side: Side): string =>
  `${name}: ${times(side.messages, 'message')} in ${times(side.turns, 'turn')}, ${times(side.words, 'word')}, ${side.questions} with a question, wrote first ${times(side.openings, 'time')}.`;

/** What a report on a session begins with: numbers and quotes, each with where in the log it stands. */
export function sectionsOfSession(insight: SessionInsight): ReportSection[] {
  const { sides, latency, quotes, topics, risk, held, escalations } = insight;
  const span = [...insight.stretches].flatMap(({ fromSeq, toSeq }) => [fromSeq, toSeq]);
  return [
    section(
      'counted',
      'The conversation in numbers',
      lines(
        insight.from !== null && `From ${stamp(insight.from)} to ${stamp(insight.to ?? insight.from)}.`,
        sideLine('Client', sides.client),
        sideLine('Persona', sides.persona),
        sideLine('Team', sides.team),
        latency.client.medianMs !== null &&
          `Half of the client’s answers came within ${seconds(latency.client.medianMs)}.`,
        latency.answers.medianMs !== null &&
          `Half of the answers to the client came within ${seconds(latency.answers.medianMs)}.`,
        topics.length > 0 &&
          `The client came back to: ${topics.map(({ word, messages }) => `${word} (${times(messages, 'message')})`).join(', ')}.`,
      ),
      span.length > 0 ? [Math.min(...span), Math.max(...span)] : [],
    ),
    ...(quotes.length > 0
      ? [
          section(
            'quoted',
            'In the client’s words',
            quotes.map(({ at, text }) => `${stamp(at)}: “${text}”`).join('\n'),
            quotes.map(({ seq }) => seq),
          ),
        ]
      : []),
    section(
      'counted',
      'Risk',
      lines(
        risk.length === 0 && 'The risk gate found nothing. That it found nothing does not say that there was nothing.',
        ...risk.map(
          ({ at, category, level, replyId }) =>
            `${stamp(at)}: ${category}, ${level}, in a ${replyId ? 'reply' : 'message'}.`,
        ),
        escalations.length > 0 && `A person was called ${times(escalations.length, 'time')}.`,
      ),
      [...risk.map(({ seq }) => seq), ...escalations],
    ),
    ...(held.seqs.length > 0
      ? [
          section(
            'counted',
            'Supervision',
            `Of the held replies ${held.released} were released (${held.edited} of them changed), ${held.rejected} rejected and ${held.discarded} given up.`,
            held.seqs,
          ),
        ]
      : []),
  ];
}

/** What a report on a client begins with. */
export function sectionsOfClient({ sessions, topics }: ClientInsight): ReportSection[] {
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
      ),
    ),
    ...(topics.length > 0
      ? [
          section(
            'counted',
            'What returns',
            topics.map(({ word, sessions: where }) => `${word}: in ${times(where.length, 'session')}.`).join('\n'),
          ),
        ]
      : []),
  ];
}
