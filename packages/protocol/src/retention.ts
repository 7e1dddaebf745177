import { z } from 'zod';
import { Id, Instant, listOf } from './common.ts';

/** What can be kept for a while only. `drafts` are the word-by-word logs of replies, `files` prepared exports; `memories` count from their last change. */
export const retentionCategories = ['sessions', 'memories', 'drafts', 'audit', 'files'] as const;
export const RetentionCategory = z.enum(retentionCategories);
export type RetentionCategory = z.infer<typeof RetentionCategory>;

const days = z.number().int().min(1).max(36_500);

export const RetentionRun = z.object({
  id: Id,
  category: RetentionCategory,
  days: z.number().int(),
  deleted: z.number().int(),
  held: z.number().int().describe('Old enough, and kept because of a legal hold.'),
  failure: z.string().nullable(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
});
export type RetentionRun = z.infer<typeof RetentionRun>;
export const RetentionRunList = listOf(RetentionRun);

export const RetentionRule = z.object({
  category: RetentionCategory,
  days: z.number().int().nullable().describe('null: kept for good.'),
  nextRunAt: Instant.nullable(),
});
export type RetentionRule = z.infer<typeof RetentionRule>;
export const RetentionRules = z.object({ items: z.array(RetentionRule) });

export const RetentionParams = z.object({ category: RetentionCategory });
export const RetentionPreviewQuery = z.strictObject({ days: z.coerce.number().pipe(days) });

/** What a run with so many days would do now. */
export const RetentionPreview = z.object({
  days: z.number().int(),
  count: z.number().int().describe('That would be deleted.'),
  oldest: Instant.nullable(),
  held: z.number().int().describe('That would stay because of a legal hold.'),
});
export type RetentionPreview = z.infer<typeof RetentionPreview>;

/** `expected` is the count of the preview that was looked at: with more than that nothing is switched on. */
export const RetentionPut = z
  .strictObject({ days: days.nullable(), expected: z.number().int().min(0).optional() })
  .refine((body) => body.days === null || body.expected !== undefined, {
    path: ['expected'],
    message: 'Look at the preview first and give its count.',
  });
export const RetentionRunNow = z.strictObject({ expected: z.number().int().min(0) });
