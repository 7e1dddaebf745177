import { z } from 'zod';

export const riskLevels = ['none', 'low', 'elevated', 'high'] as const;
export const RiskLevel = z.enum(riskLevels);
export type RiskLevel = z.infer<typeof RiskLevel>;

export const riskCategories = ['self-harm', 'harm-to-others', 'abuse', 'medical-emergency'] as const;
export const RiskCategory = z.enum(riskCategories);
export type RiskCategory = z.infer<typeof RiskCategory>;

/** Why a text was flagged: `start` and `end` are UTF-16 offsets of the evidence in it. */
export const RiskFinding = z.object({
  category: RiskCategory,
  level: RiskLevel,
  ruleId: z
    .string()
    .describe('Which rule, of which language, e.g. `en/sh-intent`; `second-opinion` where a model said so.'),
  start: z.number().int(),
  end: z.number().int(),
});
export type RiskFinding = z.infer<typeof RiskFinding>;

/** Whether `a` is at least as grave as `b`. */
export const reaches = (a: RiskLevel, b: RiskLevel): boolean => riskLevels.indexOf(a) >= riskLevels.indexOf(b);
