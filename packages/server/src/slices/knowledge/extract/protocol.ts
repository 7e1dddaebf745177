import type { Reason } from './failure.ts';
import type { Extracted } from './format.ts';
import type { Limits } from './limits.ts';

/** Of one document, to the process that reads it. */
export interface Job {
  path: string;
  /** As its owner called it. */
  name: string;
  limits: Limits;
}

export type Report =
  | { type: 'progress' }
  | { type: 'done'; extracted: Extracted }
  | { type: 'failed'; reason: Reason; detail: string | null };
