import { z } from 'zod';
import { Id, Instant, line, text } from './common.ts';
import { Rung } from './supervision.ts';

const PackId = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/)
  .max(60);
const PackVersion = z.string().regex(/^\d{4}\.\d+$/);

/** Where a rule stands, and how it is read. */
const basis = { section: line(200), because: text(1000) };

/** What a pack makes the server do. Of several packs the strictest of each rule wins. */
export const PackRule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('least-rung'), rung: Rung, ...basis }),
  z.strictObject({ rule: z.literal('no-emotion-inference'), ...basis }),
  z.strictObject({ rule: z.literal('disclose-at-start'), ...basis }),
  z.strictObject({
    rule: z.literal('remind'),
    minutes: z.int().min(5).max(1440),
    takeBreak: z.boolean().describe('The reminder asks to take a break, too.'),
    ...basis,
  }),
  z.strictObject({ rule: z.literal('mark-ai-text'), ...basis }),
  z.strictObject({ rule: z.literal('tell-emotion-inference'), ...basis }),
]);
export type PackRule = z.infer<typeof PackRule>;

/** A jurisdiction pack: what a law asks for, as far as this server can enforce it. No legal advice. */
export const Pack = z.strictObject({
  id: PackId,
  version: PackVersion,
  title: line(120),
  jurisdiction: line(120),
  source: z.strictObject({ statute: line(300), date: z.iso.date(), address: z.url().max(300) }),
  rules: z.array(PackRule).min(1).max(20),
  notCovered: z.array(text(600)).min(1).max(20),
});
export type Pack = z.infer<typeof Pack>;

const PackName = z.object({ id: PackId, version: PackVersion });
export const PackNames = z.array(PackName);

/** All that is enforced now, of all packs together. */
export const PacksInForce = z.object({
  leastRung: Rung,
  emotionInference: z.boolean(),
  remindMinutes: z.number().int().nullable(),
  takeBreak: z.boolean(),
});
export type PacksInForce = z.infer<typeof PacksInForce>;

export const Packs = z.object({
  items: z.array(
    Pack.extend({
      inForce: PackVersion.nullable().describe('The version that is enforced; null where the pack was not chosen.'),
    }),
  ),
  inForce: PacksInForce,
  changes: z
    .array(z.object({ id: Id, at: Instant, by: z.string().nullable(), packs: PackNames }))
    .describe('The newest changes; `by` null: the server came with a newer version.'),
});
export type Packs = z.infer<typeof Packs>;

export const PacksChoose = z.strictObject({
  packs: z
    .array(PackId)
    .max(20)
    .refine((ids) => new Set(ids).size === ids.length, 'Each pack once.'),
});
