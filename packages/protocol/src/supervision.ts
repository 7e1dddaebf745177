import { z } from 'zod';
import { Claim } from './claims.ts';
import { Id, Instant, Page, listOf, piece, text } from './common.ts';
import { EngineName } from './inference.ts';
import { RiskFinding } from './safety.ts';
import { heldRungs, reviewReasons, rungs } from './ladder.ts';

export const Rung = z.enum(rungs);
export type Rung = z.infer<typeof Rung>;

export const HeldRung = z.enum(heldRungs);
export type HeldRung = z.infer<typeof HeldRung>;

export const strictest = (...given: Rung[]): Rung =>
  given.reduce<Rung>((a, b) => (rungs.indexOf(a) >= rungs.indexOf(b) ? a : b), 'auto');

/** What holds for a whole organisation. */
export const SupervisionPolicy = z.strictObject({
  policy: Rung.describe('No session of the organisation is supervised less strictly.'),
  delaySeconds: z
    .number()
    .int()
    .min(1)
    .max(600)
    .describe('Under `delayed`: how long a finished draft can still be stopped.'),
  reviewSeconds: z
    .number()
    .int()
    .min(10)
    .max(86_400)
    .describe(
      'Under `approve` and `draft-only`: after this the client learns that a person will answer, and the team is written to.',
    ),
  pages: z
    .number()
    .int()
    .min(0)
    .max(20)
    .describe('How many letters are written about one draft that nobody decides on.'),
  fallbackEmail: z
    .email()
    .max(200)
    .nullable()
    .describe('Who is written to when the letters to the team led to nothing.'),
});
export type SupervisionPolicy = z.infer<typeof SupervisionPolicy>;

export const SessionPolicy = z.strictObject({ policy: Rung });

export const ReviewReason = z.enum(reviewReasons);
export type ReviewReason = z.infer<typeof ReviewReason>;

/** `drafting`: the persona still writes. `waiting`: for a decision. */
export const ReviewState = z.enum(['drafting', 'waiting', 'released', 'rejected', 'discarded']);
export type ReviewState = z.infer<typeof ReviewState>;

/** A held reply, as the queue shows it. */
export const Review = z.object({
  id: Id.describe('The id of the reply.'),
  sessionId: Id,
  roomId: Id,
  rung: Rung,
  state: ReviewState,
  risk: z
    .number()
    .int()
    .describe('0 none, 1 low, 2 elevated, 3 high: what the risk gate found in the message or in the draft.'),
  title: z.string(),
  persona: z.object({ id: Id, name: z.string() }),
  client: z.object({ id: Id, name: z.string() }).nullable(),
  alias: z.string().nullable(),
  engine: EngineName,
  revision: z.number().int(),
  openedAt: Instant,
  waitingSince: Instant.nullable(),
  dueAt: Instant.nullable().describe(
    'Under `delayed`: when it goes out by itself. Otherwise: when the team is written to.',
  ),
  overdue: z.boolean(),
  claim: z.object({ by: Id, name: z.string(), until: Instant }).nullable(),
  decision: z
    .object({
      by: Id.nullable(),
      name: z.string(),
      at: Instant,
      reasons: z.array(ReviewReason),
      editDistance: z.number().int().nullable(),
    })
    .nullable(),
});
export type Review = z.infer<typeof Review>;

/** A held reply with its words. `text` is what a release would send now; `released` is the part that was sent already. */
export const ReviewDraft = Review.extend({
  text: z.string(),
  draftLength: z.number().int().describe('How much the persona had written, in UTF-16 units: the `base` of an edit.'),
  released: z.string(),
  findings: z
    .array(RiskFinding)
    .describe('What the risk gate found in the persona’s words, where it still stands; offsets are of `text`.'),
  question: z.string().nullable().describe('The message it answers.'),
  claims: z
    .array(Claim)
    .describe(
      'Of the persona’s finished words: whether each sentence that cites something stands in it. Offsets of `text`.',
    ),
  note: z.string(),
});
export type ReviewDraft = z.infer<typeof ReviewDraft>;
export const ReviewList = listOf(Review);

export const ReviewQuery = Page.extend({
  state: z.enum(['open', 'decided']).default('open'),
  sessionId: Id.optional(),
});
export type ReviewQuery = z.infer<typeof ReviewQuery>;

/** `text` takes the place of the first `base` units of the draft; what the persona wrote after them follows it. */
export const ReviewEdit = z.strictObject({
  revision: z.number().int().min(0),
  base: z.number().int().min(0).max(1_000_000),
  text: piece(100_000),
});
export type ReviewEdit = z.infer<typeof ReviewEdit>;

/** `through`: release the first so many units of the text and go on holding the rest; without it, all of it. */
export const ReviewRelease = z.strictObject({
  revision: z.number().int().min(0),
  through: z.number().int().min(1).max(1_000_000).optional(),
  reasons: z.array(ReviewReason).max(5).default([]),
  note: text(4000).optional(),
});
export type ReviewRelease = z.input<typeof ReviewRelease>;

/** With `again` the persona tries once more, with the note as guidance. */
export const ReviewReject = z.strictObject({
  reasons: z.array(ReviewReason).min(1).max(5),
  note: text(4000).optional(),
  again: z.boolean().default(true),
});
export type ReviewReject = z.input<typeof ReviewReject>;

export const ReviewHandover = z.strictObject({ userId: Id });

/** Who may decide on what one has claimed, while one is away. */
export const Deputy = z.strictObject({ userId: Id.nullable() });
export const DeputyShown = z.object({ deputy: z.object({ id: Id, name: z.string() }).nullable() });
export type DeputyShown = z.infer<typeof DeputyShown>;
