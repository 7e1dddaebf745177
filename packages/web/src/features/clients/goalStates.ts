import type { GoalState } from '@rapport/protocol/goals';

/** How the state of a goal or a milestone stands beside it. */
export const stateBadges: Record<GoalState, string> = { open: 'badge', reached: 'badge on', dropped: 'badge warn' };
