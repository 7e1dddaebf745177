import { z } from 'zod';
import { Id, Instant, text } from './common.ts';
import { Goal } from './goals.ts';

export const TimerPut = z.strictObject({
  minutes: z.int().min(1).max(1440).nullable().describe('From now on; null: no planned end.'),
  closes: z.boolean().default(false).describe('Whether the session ends by itself when the time is over.'),
});
export type TimerPut = z.infer<typeof TimerPut>;

export const SessionGoalsPut = z.strictObject({ goalIds: z.array(Id).max(12) });
export const SessionThreadPut = z.strictObject({ threadId: Id.nullable() });

const points = z.int().min(1).max(10);
export const RatingPut = z.strictObject({
  effectiveness: points,
  engagement: points,
  progress: points,
  sentence: text(1000, 0).default(''),
});
export type RatingPut = z.infer<typeof RatingPut>;

export const TransferPost = z.strictObject({ userId: Id, note: text(4000, 0).default('') });

/** What the team plans and notes about a session; the client sees the planned end alone. */
export const SessionPlan = z.object({
  timer: z.object({ minutes: z.int(), endsAt: Instant, closes: z.boolean() }).nullable(),
  goals: z.array(Goal),
  rating: RatingPut.strip().nullable(),
  facilitator: z.object({ id: Id, name: z.string() }),
});
export type SessionPlan = z.infer<typeof SessionPlan>;
