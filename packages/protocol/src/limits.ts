import { z } from 'zod';
import { Id, Instant, listOf } from './common.ts';

const amount = z.number().int().min(0).max(1e15).nullable();

export const BudgetScope = z.enum(['organisation', 'persona', 'user']);
export type BudgetScope = z.infer<typeof BudgetScope>;
export const BudgetPeriod = z.enum(['day', 'month']).describe('By UTC.');
export type BudgetPeriod = z.infer<typeof BudgetPeriod>;

/** At least one of the two amounts; the one that is null is not limited. */
export const BudgetPut = z
  .strictObject({
    scope: BudgetScope,
    subjectId: Id.nullable()
      .default(null)
      .describe('The persona or the member of the team; null for the organisation.'),
    period: BudgetPeriod,
    tokens: amount.default(null),
    costMicroUsd: amount.default(null),
  })
  .refine((b) => (b.scope === 'organisation') === (b.subjectId === null), {
    path: ['subjectId'],
    message: 'Name the persona or the person; an organisation needs no name.',
  })
  .refine((b) => b.tokens !== null || b.costMicroUsd !== null, {
    path: ['tokens'],
    message: 'Give a number of tokens, an amount of money, or both.',
  });
export type BudgetPut = z.input<typeof BudgetPut>;

const used = {
  replies: z.number().int(),
  tokens: z.number().int(),
  costMicroUsd: z.number().int().describe('Of the replies whose model has a price.'),
};

export const Budget = z.object({
  id: Id,
  scope: BudgetScope,
  subjectId: Id.nullable(),
  subjectName: z.string().nullable(),
  period: BudgetPeriod,
  tokens: z.number().int().nullable(),
  costMicroUsd: z.number().int().nullable(),
  used: z.object(used),
  spent: z.boolean().describe('No reply begins any more before `renewsAt`.'),
  renewsAt: Instant,
});
export type Budget = z.infer<typeof Budget>;
export const BudgetList = listOf(Budget);

export const UsageQuery = z.strictObject({ days: z.coerce.number().int().min(1).max(366).default(30) });
export const UsageDay = z.object({ day: z.iso.date(), ...used });
export type UsageDay = z.infer<typeof UsageDay>;
/** Oldest first, days without a reply included. */
export const UsageDays = listOf(UsageDay);

export const RateLimit = z.object({
  class: z.string(),
  address: z.number().int().nullable(),
  actor: z.number().int().nullable(),
  organisation: z.number().int().nullable(),
});
export type RateLimit = z.infer<typeof RateLimit>;
/** Requests a minute; null is not limited. */
export const RateLimits = z.object({
  when: z.enum(['always', 'beyond-loopback', 'off']),
  items: z.array(RateLimit),
  next: z.null(),
});
export type RateLimits = z.infer<typeof RateLimits>;
