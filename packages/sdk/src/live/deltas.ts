import type { TextDelta } from '@rapport/protocol/events';

export interface Deltas {
  /** What of the delta is new; null when nothing is; 'gap' when something before it is missing. */
  take(delta: TextDelta): TextDelta | null | 'gap';
  done(replyId: string): void;
  /** A new subscription: the server gives each running reply from its beginning. */
  forget(): void;
}

/** Keeps how much of each running reply has been given, so that what is given on has neither gap nor repetition. */
export function createDeltas(): Deltas {
  const given = new Map<string, number>();
  return {
    take({ replyId, offset, text }) {
      const length = given.get(replyId) ?? 0;
      if (offset > length) return 'gap';
      const fresh = text.slice(length - offset);
      if (fresh === '') return null;
      given.set(replyId, length + fresh.length);
      return { replyId, offset: length, text: fresh };
    },
    done: (replyId) => void given.delete(replyId),
    forget() {
      // What was given stays given: the snapshot's beginning is trimmed by it.
    },
  };
}
