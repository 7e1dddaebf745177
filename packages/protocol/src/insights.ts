import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { RiskCategory, RiskLevel } from './safety.ts';

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

/** Everything in it is counted from the events `1` to `throughSeq` of the session’s log. */
export const SessionInsight = z.object({
  sessionId: Id,
  title: z.string(),
  throughSeq: Seq,
  from: Instant.nullable(),
  to: Instant.nullable(),
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
});
export type SessionInsight = z.infer<typeof SessionInsight>;

/** A session among those of a client. */
const SessionPoint = z.object({
  sessionId: Id,
  title: z.string(),
  at: Instant,
  minutes: z.int().describe('From the first message to the last.'),
  clientWords: z.int(),
  clientMessages: z.int(),
  clientMedianMs: z.int().nullable(),
  highestRisk: RiskLevel,
  flags: z.int(),
});
export type SessionPoint = z.infer<typeof SessionPoint>;

export const ClientInsight = z.object({
  clientId: Id,
  sessions: z.array(SessionPoint).describe('The newest fifty, oldest first.'),
  topics: z.array(
    z.object({ word: z.string(), sessions: z.array(Id).describe('In which of them the client came back to it.') }),
  ),
});
export type ClientInsight = z.infer<typeof ClientInsight>;
