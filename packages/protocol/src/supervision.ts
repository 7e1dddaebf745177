import { z } from 'zod';

/** The supervision ladder from loosest to strictest. The strictest of organisation, persona, client and session wins. */
export const rungs = ['auto', 'delayed', 'approve', 'draft-only', 'takeover', 'off'] as const;
export const Rung = z.enum(rungs);
export type Rung = z.infer<typeof Rung>;

/** The rungs this version enforces; the others are refused until their review queue exists. */
export const SupportedRung = z.enum(['auto', 'takeover', 'off']);
export type SupportedRung = z.infer<typeof SupportedRung>;

export const strictest = (...given: Rung[]): Rung =>
  given.reduce<Rung>((a, b) => (rungs.indexOf(a) >= rungs.indexOf(b) ? a : b), 'auto');
