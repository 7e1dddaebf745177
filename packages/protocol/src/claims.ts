import { z } from 'zod';

/** Whether a cited sentence stands in what it cites, compared by its words: never that it is true. */
export const Claim = z.object({
  start: z.number().int().describe('Of the sentence in the text of the message, in UTF-16 units.'),
  end: z.number().int(),
  verdict: z.enum(['quoted', 'worded', 'not-found']),
  citations: z.array(z.number().int()).describe('Which of the citations say it, from 1.'),
});
export type Claim = z.infer<typeof Claim>;
