import type { Logger } from '../../platform/logger.ts';
import type { Mail } from '../../platform/mail/mail.ts';
import type { Addressees } from './addressees.ts';
import type { Page } from './reviews.clock.ts';

const subject = 'A reply waits for a decision';

const letter = (page: Page, publicUrl: string): string =>
  [
    `A reply has been waiting for ${page.minutes} ${page.minutes === 1 ? 'minute' : 'minutes'} for somebody to read it. The client has been told that a person will answer.`,
    `Open the review queue: ${publicUrl}/reviews`,
    ...(page.last ? ['This is the last letter about it.'] : []),
  ].join('\n\n');

/** Writes to who may decide; the last letter goes to the fallback contact as well. Nothing of what was said is in it. */
export function createReviewPager(parts: {
  log: Logger;
  mail: Mail;
  publicUrl: string | null;
  addressees: Addressees;
}) {
  const { log, mail, addressees } = parts;
  return (page: Page): void => {
    void addressees(page.orgId, 'sessions.review', page.about).then(
      (addresses) => {
        const more = page.last && page.fallbackEmail ? [page.fallbackEmail] : [];
        const text = letter(page, parts.publicUrl ?? '');
        for (const to of new Set([...addresses, ...more])) mail.post({ to, subject, text });
      },
      (error: Error) => log.error({ err: error.message }, 'nobody could be written to about a waiting draft'),
    );
  };
}
