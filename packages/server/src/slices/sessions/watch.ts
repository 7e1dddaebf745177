import { reaches } from '@rapport/protocol/safety';
import type { Assessment } from '../supervision/risk/assess.ts';

/** A person answers instead: what was to be answered, or what the persona was about to say, is too grave. */
export class HeldForPerson extends Error {
  readonly found: Assessment;
  readonly where: { messageId: string | null; replyId: string | null; text: string };

  constructor(found: Assessment, text: string, place: { messageId: string | null; replyId: string | null }) {
    super('a person answers instead of the persona');
    this.name = 'HeldForPerson';
    this.found = found;
    this.where = { ...place, text };
  }
}

/** How much of what was shown is looked at again with what follows: a rule reaches over some words, not pages. */
const context = 400;
const longestUnread = 200;
/** The point of a number ends nothing. */
const endOfSentence = /[!?\n]|\.(?!\d)/;

/**
 * Judges a reply while it is made: at each end of a sentence, and where none comes. What was found grave is not passed on,
 * and nothing after it. The cost grows with the length of the reply, not with its square.
 */
export function createReplyWatch(replyId: string, review: (text: string) => Assessment, pass: (text: string) => void) {
  const controller = new AbortController();
  let text = '';
  let read = 0;
  let held: HeldForPerson | undefined;

  const look = (): void => {
    const seen = text.slice(Math.max(0, read - context));
    const found = review(seen);
    read = text.length;
    if (!reaches(found.level, 'high')) return;
    held = new HeldForPerson(found, seen, { messageId: null, replyId });
    controller.abort(held);
  };

  return {
    signal: controller.signal,

    onText(more: string): void {
      if (held) return;
      text += more;
      if (endOfSentence.test(more) || text.length - read >= longestUnread) look();
      if (!held) pass(more);
    },

    /** The last words, which may end without a full stop. Throws what was found. */
    end(): void {
      if (!held && read < text.length) look();
      if (held) throw held;
    },

    /** An engine reports the end that was asked of it in its own way. */
    rethrow(error: unknown): never {
      throw held ?? error;
    },
  };
}
