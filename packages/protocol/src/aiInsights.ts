import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { EngineName } from './inference.ts';

/** What a model was asked, by whom, and which model it was. */
const made = {
  id: Id,
  engine: EngineName,
  askedBy: z.object({ id: Id, name: z.string() }),
  askedAt: Instant,
  leftOut: z
    .int()
    .describe(
      'What it said whose quote was not found in any message of the client, or has too few words, and what is too long.',
    ),
};

/** The client’s own words, which the code has found in their message. */
const evidence = {
  sessionId: Id,
  seq: z.int().describe('Where the message stands in the log of the session’s room.'),
  at: Instant,
  quote: z.string(),
};

const AiPoint = z.object({ ...evidence, text: z.string() });
export type AiPoint = z.infer<typeof AiPoint>;

/** What a model says that a client said. */
export const AiSummary = z.object({ ...made, points: z.array(AiPoint).describe('In the order in which it was said.') });
export type AiSummary = z.infer<typeof AiSummary>;

/** How what a client wrote may sound; a model has no other words for it. */
export const toneWords = ['calm', 'hopeful', 'worried', 'low', 'angry', 'unclear'] as const;
export const ToneWord = z.enum(toneWords);
export type ToneWord = z.infer<typeof ToneWord>;

const ToneGuess = z.object({ ...evidence, tone: ToneWord });
export type ToneGuess = z.infer<typeof ToneGuess>;

/** A model's guess at the tone of what a client wrote: no finding, and nothing that anything is decided by. */
export const AiTone = z.object({
  ...made,
  points: z.array(ToneGuess).describe('In the order in which it was written.'),
});
export type AiTone = z.infer<typeof AiTone>;
