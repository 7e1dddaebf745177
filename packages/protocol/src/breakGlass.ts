import { z } from 'zod';
import { Id, Instant, line, listOf, Page, text } from './common.ts';

export const BreakGlassCreate = z.strictObject({
  clientId: Id,
  reason: text(1000, 10).describe('Why this is needed now; supervisors read it.'),
  minutes: z.number().int().min(1).max(240).default(60),
});
export type BreakGlassCreate = z.output<typeof BreakGlassCreate>;

/** Somebody outside one's caseload is found by their whole name only, so that nobody browses. */
export const BreakGlassClientQuery = z.strictObject({ name: line(120) });
export const BreakGlassClients = z.object({
  items: z.array(z.object({ id: Id, name: z.string(), createdAt: Instant })),
});
export type BreakGlassClients = z.infer<typeof BreakGlassClients>;

export const BreakGlassGrant = z.object({
  id: Id,
  userId: Id,
  userName: z.string(),
  clientId: Id,
  clientName: z.string(),
  reason: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  endedAt: Instant.nullable().describe('Ended early; null: it ends or ended at `expiresAt`.'),
  active: z.boolean(),
});
export type BreakGlassGrant = z.infer<typeof BreakGlassGrant>;
export const BreakGlassList = listOf(BreakGlassGrant);

export const BreakGlassQuery = Page.extend({
  active: z.stringbool().optional().describe('true: only what is open now.'),
});
export type BreakGlassQuery = z.infer<typeof BreakGlassQuery>;
