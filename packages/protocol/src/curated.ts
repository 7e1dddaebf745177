import { z } from 'zod';
import { Id, Instant, Page, line, listOf, text } from './common.ts';

/** The answer that people approved for a question: given before any passage. */
export const CuratedCreate = z.strictObject({ question: line(500), answer: text(8000) });
export type CuratedCreate = z.output<typeof CuratedCreate>;

/** Of a released draft that a person changed; without a question, the message it answered. */
export const CuratedFromReview = z.strictObject({ question: line(500).optional() });
export type CuratedFromReview = z.output<typeof CuratedFromReview>;

export const CuratedAnswer = z.object({
  id: Id,
  question: z.string(),
  answer: z.string(),
  origin: z.enum(['hand', 'reply']).describe('Written here, or made of a reply that was changed and released.'),
  approvedBy: z.object({ id: Id, name: z.string() }),
  approvedAt: Instant,
  revoked: z.object({ by: Id, name: z.string(), at: Instant }).nullable().describe('It answers nothing any more.'),
});
export type CuratedAnswer = z.infer<typeof CuratedAnswer>;
export const CuratedList = listOf(CuratedAnswer);

export const CuratedQuery = Page.extend({
  revoked: z.stringbool().default(false).describe('Those that were revoked too.'),
});
export type CuratedQuery = z.output<typeof CuratedQuery>;
