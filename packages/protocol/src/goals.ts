import { z } from 'zod';
import { Id, Instant, line, listOf, text } from './common.ts';

export const GoalState = z.enum(['open', 'reached', 'dropped']);
export type GoalState = z.infer<typeof GoalState>;

const day = z.iso.date().nullable();

/** A step on the way to a goal; its dates are days, without a time. */
export const Milestone = z.strictObject({
  title: line(200),
  state: GoalState.default('open'),
  dueOn: day.default(null),
  reachedOn: day.default(null),
});
export type Milestone = z.infer<typeof Milestone>;

export const GoalPut = z.strictObject({
  title: line(200),
  detail: text(2000, 0).default(''),
  state: GoalState.default('open'),
  dueOn: day.default(null),
  milestones: z.array(Milestone).max(30).default([]),
});
export type GoalPut = z.infer<typeof GoalPut>;

export const Goal = GoalPut.extend({ id: Id, createdAt: Instant, updatedAt: Instant }).strip();
export type Goal = z.infer<typeof Goal>;
export const GoalList = listOf(Goal);
export const GoalParams = z.strictObject({ id: Id, goalId: Id });
