import type { AiPoint } from '@rapport/protocol/aiInsights';
import type { ClientInsight } from '@rapport/protocol/insights';
import type { ReportSection } from '@rapport/protocol/reports';
import {
  answerLine,
  pointLine,
  quoteLine,
  quoted,
  ratingLine,
  riskLine,
  sessionLine,
  sessionOf,
  topicLine,
} from './lines.ts';

/** Words of a report that rest on sessions, exactly as they stand in it. They go when the last of these has gone. */
export interface Resting {
  sessions: string[];
  words: string[];
}

interface Body {
  title: string;
  sections: ReportSection[];
  /** Absent in what was stored before it was kept. */
  resting?: Resting[];
}

const cut = '[…]';
const goneWithIt = '[What stood here was deleted with its session.]';

/** Several words are found wherever they stand; one word alone may as well be a person's own. */
const several = (text: string): string | false => /\s/.test(text) && text;

const some = (sessions: string[], ...all: (string | false)[]): Resting => ({
  sessions,
  words: all.filter((one) => one !== false),
});

/** What a report on several sessions says of each of them. */
export const restingOver = ({ sessions, topics, quotes, questionnaires }: ClientInsight): Resting[] => [
  ...sessions.map((one) => some([one.sessionId], sessionLine(one), ratingLine(one), riskLine(one), sessionOf(one))),
  ...topics.map((one) => some(one.sessions, topicLine(one))),
  ...quotes.map((one) => some([one.sessionId], quoteLine(one), quoted(one.text), several(one.text))),
  ...(questionnaires ?? []).flatMap((one) => (one.sessionId === null ? [] : [some([one.sessionId], answerLine(one))])),
];

export const restingOn = (points: AiPoint[]): Resting[] =>
  points.map((one) => some([one.sessionId], pointLine(one), several(one.text), quoted(one.quote), several(one.quote)));

/** All that something in it rests on. */
export const sessionsUnder = ({ sections, resting = [] }: Body): string[] => [
  ...new Set(
    [...resting, ...sections.map(({ places }) => ({ sessions: places.map((one) => one.sessionId) }))].flatMap(
      (one) => one.sessions,
    ),
  ),
];

/** The longest first: a line is gone as a whole before what stands in it is looked for. */
function without(text: string, words: string[]): string {
  const left = words.reduce((all, one) => all.replaceAll(one, cut), text);
  if (left === text) return text;
  const lines = left.split('\n').filter((line) => line !== cut && line !== goneWithIt);
  return [...lines, goneWithIt].join('\n');
}

/** Before it was kept which words rest on which session: what names the session, and quotes that cannot be told apart. */
function unkept({ kind, text, places }: ReportSection, gone: Set<string>): string[] {
  const told = places.filter((one) => gone.has(one.sessionId));
  if (kind === 'counted')
    return text.split('\n').filter((line) => told.some(({ title }) => line.includes(`: ${title}`)));
  return kind !== 'written' && (told.length > 0 || places.length === 0) ? [text] : [];
}

/** The same report when these sessions are gone: no words of theirs are left in it, whoever put them where. */
export function withoutSessions<T extends Body>(body: T, all: string[]): T {
  const gone = new Set(all);
  const resting = body.resting?.map((one) => ({ ...one, sessions: one.sessions.filter((id) => !gone.has(id)) }));
  const words = (resting ?? [])
    .flatMap((one) => (one.sessions.length === 0 ? one.words : []))
    .sort((a, b) => b.length - a.length);
  const brief = (line: string) => words.reduce((left, one) => left.replaceAll(one, cut), line);
  return {
    ...body,
    title: brief(body.title),
    sections: body.sections.map((one) => ({
      ...one,
      heading: brief(one.heading),
      text: without(one.text, resting ? words : unkept(one, gone)),
      places: one.places.filter(({ sessionId }) => !gone.has(sessionId)),
    })),
    ...(resting ? { resting: resting.filter((one) => one.sessions.length > 0) } : {}),
  };
}
