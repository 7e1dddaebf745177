import type { AiPoint } from '@rapport/protocol/aiInsights';
import type { ClientInsight, Rated, SessionPoint } from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';

export const times = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
/** As people read it, in the zone of the log. */
export const stamp = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`;

export const scores = ({ effectiveness, engagement, progress }: Rated): string =>
  `effectiveness ${effectiveness}, engagement ${engagement}, progress ${progress} of 10`;

export const quoted = (text: string): string => `“${text}”`;

export const quoteLine = ({ at, text }: { at: string; text: string }): string => `${stamp(at)}: ${quoted(text)}`;

export const pointLine = ({ text, quote }: AiPoint): string => `${text} (${quoted(quote)})`;

export const answerLine = ({ instrument, answeredAt, filledBy, result }: Questionnaire): string | false =>
  result !== null &&
  answeredAt !== null &&
  `${stamp(answeredAt)}: ${instrument.toUpperCase()} ${result.score} of ${result.most}, ${result.severity.replace('-', ' ')}${result.risk ? ', with an answer that calls a person' : ''}; filled in by the ${filledBy === 'client' ? 'client' : 'team'}.`;

/** Which session a line is about. */
export const sessionOf = ({ at, title }: SessionPoint): string => `${stamp(at)}: ${title}`;

export const sessionLine = (one: SessionPoint): string =>
  `${sessionOf(one)}, ${times(one.minutes, 'minute')}, ${times(one.clientMessages, 'message')} and ${times(one.clientWords, 'word')} of the client, highest risk ${one.highestRisk}.`;

export const ratingLine = (one: SessionPoint): string | false =>
  one.rating !== null && `${sessionOf(one)}: ${scores(one.rating)}.`;

export const riskLine = (one: SessionPoint): string | false => {
  const { flags, levels, escalations } = one;
  return (
    flags + escalations > 0 &&
    `${sessionOf(one)}: ${times(flags, 'flag')} (${levels.high} high, ${levels.elevated} elevated, ${levels.low} low), a person was called ${times(escalations, 'time')}.`
  );
};

export const topicLine = ({ word, sessions }: ClientInsight['topics'][number]): string =>
  `${word}: in ${times(sessions.length, 'session')}.`;
