/** Why a page cannot be shown as it looks. */
export type NotDrawnReason = 'large' | 'locked' | 'broken' | 'slow' | 'unreachable';

export class NotDrawn extends Error {
  readonly reason: NotDrawnReason;
  constructor(reason: NotDrawnReason, cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}
