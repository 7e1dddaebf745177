import { z } from 'zod';
import { Instant, line, text } from './common.ts';
import { Purpose } from './consents.ts';
import { Provider } from './inference.ts';
import { RetentionCategory } from './retention.ts';

/** Who answers for the processing; what a computer cannot know. */
export const PrivacyProfile = z.strictObject({
  controller: text(500, 0).describe('Name and address of who decides about the processing.'),
  contact: line(300, 0),
  officer: line(300, 0).describe('The data protection officer, where there is one.'),
});
export type PrivacyProfile = z.infer<typeof PrivacyProfile>;

/** The record of processing activities (GDPR, article 30), as this organisation is set up now. */
export const RecordOfProcessing = z.object({
  organisation: z.string(),
  madeAt: Instant,
  profile: PrivacyProfile,
  activities: z.array(
    z.object({
      name: z.string(),
      about: z.string(),
      subjects: z.string(),
      data: z.array(z.string()),
      ground: z.string(),
    }),
  ),
  consents: z.array(z.object({ purpose: Purpose, asked: z.boolean(), version: z.number().int() })),
  recipients: z.array(
    z.object({
      name: z.string(),
      place: z.string(),
      status: Provider.shape.processing.shape.status,
      receives: z.boolean().describe('What clients say may be sent there as things are set now.'),
      note: z.string(),
      agreedOn: z.string().nullable(),
    }),
  ),
  retention: z.array(z.object({ category: RetentionCategory, days: z.number().int().nullable() })),
  measures: z.array(z.string()),
});
export type RecordOfProcessing = z.infer<typeof RecordOfProcessing>;

export const RecordQuery = z.strictObject({ format: z.enum(['json', 'markdown']).default('json') });
