import type { DocumentFailure } from '@rapport/protocol/knowledge';

/** Every reason for which a document is not read, in words for whoever added it. */
const messages = {
  empty: 'There is nothing to read in it.',
  unsupported: 'Files of this type cannot be read.',
  encrypted: 'It is locked with a password. Add a copy without one.',
  scanned: 'Its pages are pictures without text. Add a copy with text, for instance from text recognition.',
  damaged: 'It is damaged or cut off. Add another copy.',
  'not-what-it-says': 'Its content is not of the type its name says.',
  'too-large': 'It is too large.',
  'too-many-parts': 'It is made of too many parts.',
  'too-long': 'Reading it took too long.',
  'out-of-memory': 'Reading it needs more memory than is allowed for one document.',
  stopped: 'Reading it ended without a result. Try again.',
  'gave-up': 'The server ended several times while it read this document.',
  'file-missing': 'Its file cannot be read from the file store.',
  'address-refused': 'The address leads into a private network, which is not allowed on this server.',
  'address-unreachable': 'The address does not answer.',
  'address-failed': 'The address answered with an error.',
  replaced: 'A newer version took its place before it could be searched.',
  internal: 'Something went wrong on the server. Try again.',
} as const;

export type FailureReason = keyof typeof messages;

/** A document that cannot be read. It says nothing about the server. */
export class DocumentFailed extends Error {
  readonly reason: FailureReason;
  constructor(reason: FailureReason, cause?: unknown) {
    super(reason, { cause });
    this.name = 'DocumentFailed';
    this.reason = reason;
  }
}

export const isFailureReason = (reason: string): reason is FailureReason => Object.hasOwn(messages, reason);

export const failureOf = (reason: string): DocumentFailure => ({
  reason,
  message: isFailureReason(reason) ? messages[reason] : messages.internal,
});
