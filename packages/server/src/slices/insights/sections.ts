import type { GoalProgress, SessionInsight, Side } from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';
import type { ReportSection } from '@rapport/protocol/reports';
import { newId } from '../../platform/ids.ts';
import { answerLine, quoteLine, scores, stamp, times } from './lines.ts';

export const section = (
  kind: ReportSection['kind'],
  heading: string,
  text: string,
  { seqs = [], places = [] }: Partial<Pick<ReportSection, 'seqs' | 'places'>> = {},
): ReportSection => ({ id: newId(), kind, heading, text, seqs, places, edited: false, tone: false, withheld: false });

export const lines = (...all: (string | false)[]): string => all.filter((one) => one !== false).join('\n');
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
const sideLine = (name: string, side: Side): string =>
  `${name}: ${times(side.messages, 'message')} in ${times(side.turns, 'turn')}, ${times(side.words, 'word')}, ${side.questions} with a question, wrote first ${times(side.openings, 'time')}.`;

const goalStates = { open: 'open', reached: 'reached', dropped: 'given up' } as const;

export function goalLine({ title, state, milestones: { reached, open, dropped } }: GoalProgress): string {
  const all = reached + open + dropped;
  const given = dropped > 0 ? `, ${dropped} given up` : '';
  return `${title}: ${goalStates[state]}${all > 0 ? `, ${reached} of ${times(all, 'milestone')} reached${given}` : ''}.`;
}

/** Nothing where there is nothing to say. */
export const some = (
  kind: ReportSection['kind'],
  heading: string,
  all: (string | false)[],
  where: Partial<Pick<ReportSection, 'seqs' | 'places'>> = {},
): ReportSection[] => {
  const text = lines(...all);
  return text === '' ? [] : [section(kind, heading, text, where)];
};

export const answersSection = (all: Questionnaire[]): ReportSection[] =>
  some('counted', 'Questionnaires', all.map(answerLine));

/** What everybody of a conversation did, a line each. */
export const sideLines = ({ client, persona, team }: SessionInsight['sides']): string[] => [
  sideLine('Client', client),
  sideLine('Persona', persona),
  sideLine('Team', team),
];

/** What a report on a session begins with: numbers and quotes, each with where in the log it stands. */
export function sectionsOfSession(insight: SessionInsight): ReportSection[] {
  const { sides, latency, quotes, topics, risk, held, escalations, goals } = insight;
  const rating = insight.ratings.at(-1);
  const span = [...insight.stretches].flatMap(({ fromSeq, toSeq }) => [fromSeq, toSeq]);
  return [
    section(
      'counted',
      'The conversation in numbers',
      lines(
        insight.from !== null && `From ${stamp(insight.from)} to ${stamp(insight.to ?? insight.from)}.`,
        ...sideLines(sides),
        latency.client.medianMs !== null &&
          `Half of the client’s answers came within ${seconds(latency.client.medianMs)}.`,
        latency.answers.medianMs !== null &&
          `Half of the answers to the client came within ${seconds(latency.answers.medianMs)}.`,
        topics.length > 0 &&
          `The client came back to: ${topics.map(({ word, messages }) => `${word} (${times(messages, 'message')})`).join(', ')}.`,
      ),
      { seqs: span.length > 0 ? [Math.min(...span), Math.max(...span)] : [] },
    ),
    ...some('quoted', 'In the client’s words', quotes.map(quoteLine), { seqs: quotes.map(({ seq }) => seq) }),
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
      { seqs: [...risk.map(({ seq }) => seq), ...escalations] },
    ),
    ...(held.seqs.length > 0
      ? [
          section(
            'counted',
            'Supervision',
            `Of the held replies ${held.released} were released (${held.edited} of them changed), ${held.rejected} rejected and ${held.discarded} given up.`,
            { seqs: held.seqs },
          ),
        ]
      : []),
    ...(rating
      ? some('counted', 'How it went', [`In the points of the team: ${scores(rating)}.`], { seqs: [rating.seq] })
      : []),
    ...some('counted', 'Goals', goals.map(goalLine), { seqs: [...new Set(goals.map(({ seq }) => seq))] }),
    ...answersSection(insight.questionnaires),
  ];
}
