import { z } from 'zod';
import { AiSummary, AiTone } from './aiInsights.ts';
import { Id, Instant } from './common.ts';
import { GoalState } from './goals.ts';
import { Questionnaire } from './questionnaires.ts';
import { RiskCategory, RiskLevel } from './safety.ts';
import { ReviewReason } from './supervision.ts';

const Seq = z.int().describe('Where it stands in the log of the session’s room.');

/** What one side did. */
const Side = z.object({
  turns: z.int().describe('Stretches of messages that nobody else interrupted.'),
  messages: z.int(),
  words: z.int(),
  questions: z.int().describe('Messages with a question mark.'),
  openings: z.int().describe('How often it wrote first: at the beginning, or after a pause of ten minutes.'),
});
export type Side = z.infer<typeof Side>;

/** From what the other side wrote last until it answered. Milliseconds. */
const Latency = z.object({
  count: z.int(),
  medianMs: z.int().nullable(),
  p90Ms: z.int().nullable(),
  slowest: z.object({ seq: Seq, ms: z.int() }).nullable(),
});
export type Latency = z.infer<typeof Latency>;

/** A stretch of a conversation, of as many messages as any other but the last. */
const Stretch = z.object({
  fromSeq: Seq,
  toSeq: Seq,
  from: Instant,
  to: Instant,
  words: z.object({ client: z.int(), persona: z.int(), team: z.int() }),
});
export type Stretch = z.infer<typeof Stretch>;

const Topic = z.object({
  word: z.string().describe('As the client wrote it most often.'),
  messages: z.int().describe('In how many of the client’s messages it stands.'),
  seqs: z.array(Seq).describe('The first of them, fifty at most.'),
});
export type Topic = z.infer<typeof Topic>;

const Quote = z.object({
  seq: Seq,
  messageId: Id,
  at: Instant,
  start: z.int().describe('UTF-16 offset in the message.'),
  end: z.int(),
  text: z.string().describe('The client’s own words between `start` and `end`.'),
});
export type Quote = z.infer<typeof Quote>;

const Risk = z.object({
  seq: Seq,
  at: Instant,
  level: RiskLevel,
  category: RiskCategory,
  messageId: Id.nullable(),
  replyId: Id.nullable(),
});

const Held = z.object({
  released: z.int(),
  edited: z.int().describe('Of the released ones, those that somebody changed.'),
  rejected: z.int(),
  discarded: z.int(),
  seqs: z.array(Seq).describe('Of the decisions, fifty at most.'),
});

const points = z.int().min(1).max(10);

/** How a session went, in the points of whoever ran it. */
const Rated = z.object({ seq: Seq, at: Instant, effectiveness: points, engagement: points, progress: points });
export type Rated = z.infer<typeof Rated>;

/** How far a goal is, as it stands now. */
const GoalProgress = z.object({
  goalId: Id,
  title: z.string(),
  state: GoalState,
  milestones: z.object({ reached: z.int(), open: z.int(), dropped: z.int() }),
  updatedAt: Instant,
});
const SessionGoal = GoalProgress.extend({ seq: Seq.describe('Where the session chose it.') });
const ClientGoal = GoalProgress.extend({ sessions: z.array(Id).describe('Which of the sessions chose it.') });
export type GoalProgress = z.infer<typeof GoalProgress>;
export type ClientGoal = z.infer<typeof ClientGoal>;

const summary = AiSummary.nullable().describe('What a model was last asked for; null: none was.');

/** What is said is counted from the events `1` to `throughSeq` of the session’s log; goals and answers name their records. */
export const SessionInsight = z.object({
  sessionId: Id,
  title: z.string(),
  throughSeq: Seq,
  from: Instant.nullable(),
  to: Instant.nullable(),
  said: z.array(Seq).describe('The messages that words, turns and times are counted from; the first fifty.'),
  sides: z.object({ client: Side, persona: Side, team: Side }),
  latency: z.object({ client: Latency, answers: Latency.describe('Of whoever answers the client.') }),
  stretches: z.array(Stretch).describe('At most 24.'),
  topics: z.array(Topic).describe('Words that return in several of the client’s messages; twelve at most.'),
  quotes: z
    .array(Quote)
    .describe('The client’s sentences that hold most of what returns, as they stand; five at most. Chosen by rules.'),
  risk: z.array(Risk),
  held: Held,
  escalations: z.array(Seq),
  ratings: z.array(Rated).describe('In the order in which they were given; the last one holds.'),
  goals: z.array(SessionGoal),
  questionnaires: z.array(Questionnaire).describe('Answered in this session, oldest first.'),
  summary,
  tone: z.object({
    state: z
      .enum(['off', 'consent-needed', 'on'])
      .describe('Whether a model may be asked: the organisation has it off, or the client has not agreed.'),
    guessed: AiTone.nullable().describe('What a model was last asked for; null where none was, or none may be.'),
    withheld: Id.optional().describe('A guess from before, which may not be shown at present. It can be removed.'),
  }),
});
export type SessionInsight = z.infer<typeof SessionInsight>;

/** A session among those of a client. */
const SessionPoint = z.object({
  sessionId: Id,
  title: z.string(),
  at: Instant,
  seqs: z.array(Seq).describe('Of the first message and the last; between them stands what is counted.'),
  minutes: z.int().describe('From the first message to the last.'),
  clientWords: z.int(),
  clientMessages: z.int(),
  clientMedianMs: z.int().nullable(),
  highestRisk: RiskLevel,
  flags: z.int(),
  levels: z.object({ low: z.int(), elevated: z.int(), high: z.int() }).describe('The flags by how grave they are.'),
  riskSeqs: z.array(Seq).describe('Of the flags and of the escalations, fifty at most.'),
  escalations: z.int(),
  rating: Rated.nullable(),
});
export type SessionPoint = z.infer<typeof SessionPoint>;

const overSessions = {
  clientId: Id,
  sessions: z.array(SessionPoint).describe('The newest fifty, oldest first.'),
  topics: z.array(
    z.object({ word: z.string(), sessions: z.array(Id).describe('In which of them the client came back to it.') }),
  ),
  goals: z
    .array(ClientGoal)
    .nullable()
    .describe('The newest hundred. null: the reader may not see records of clients.'),
  sides: z.object({ client: Side, persona: Side, team: Side }),
  quotes: z
    .array(Quote.extend({ sessionId: Id }))
    .describe('Of the sentences quoted in its sessions, two of each at most, the newest twelve, oldest first.'),
  questionnaires: z
    .array(Questionnaire)
    .nullable()
    .describe('Of the newest hundred those that were answered, oldest first; of a thread, in its sessions.'),
  summary,
};

export const ClientInsight = z.object(overSessions);
export type ClientInsight = z.infer<typeof ClientInsight>;

/** Counted from the sessions that continue a thread; its goals are those it serves and those that these sessions chose. */
export const ThreadInsight = z.object({ ...overSessions, threadId: Id });
export type ThreadInsight = z.infer<typeof ThreadInsight>;

export const FigureQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(366).default(30).describe('How many days back, today included.'),
});
export type FigureQuery = z.infer<typeof FigureQuery>;

/** What became of the held replies of a persona. */
const PersonaFigures = z.object({
  personaId: Id,
  name: z.string(),
  released: z.int(),
  edited: z.int().describe('Of the released ones, those that somebody changed.'),
  rejected: z.int(),
  discarded: z.int().describe('Given up: taken over, stopped, or the session ended.'),
  overdue: z.int().describe('Nobody decided in time.'),
  approvalRate: z.number().min(0).max(1).nullable().describe('Released of released and rejected.'),
  medianWaitSeconds: z.int().nullable().describe('From the end of the draft to a person’s decision.'),
  p95WaitSeconds: z.int().nullable(),
  medianEditDistance: z.int().nullable().describe('Characters changed, of the released ones.'),
  reasons: z.array(z.object({ reason: ReviewReason, count: z.int() })).describe('Why not as it was, most often first.'),
});
export type PersonaFigures = z.infer<typeof PersonaFigures>;
export const SupervisionFigures = z.object({ from: Instant, personas: z.array(PersonaFigures) });
export type SupervisionFigures = z.infer<typeof SupervisionFigures>;
