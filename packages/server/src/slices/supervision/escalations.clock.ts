import type { Database, Tx } from '../../platform/db/db.ts';
import { draft } from '../../platform/events/store.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Letter } from '../../platform/mail/letter.ts';
import type { Mail } from '../../platform/mail/mail.ts';
import type { Addressees } from './addressees.ts';
import * as store from './escalations.store.ts';
import type { TellTeam } from './escalations.service.ts';
import type { SafetyService } from './safety.service.ts';

const everyMs = 1000;
const atOnce = 50;
const system = { kind: 'system', id: null, name: null } as const;

/** Says neither whose session it is nor what was found: mail is read by others. */
function letter(
  number: number,
  { missed, roomId }: Pick<store.DuePage, 'missed' | 'roomId'>,
  publicUrl: string | null,
): Omit<Letter, 'to'> {
  const why =
    roomId === null
      ? 'What was entered for a client gives reason to worry.'
      : 'A client was told that a person has been called.';
  return {
    subject: missed ? 'Nobody has acknowledged an escalation in time' : 'Somebody needs a person',
    text: [
      missed ? `${why} Nobody has acknowledged it within the time your organisation set.` : why,
      `Open the escalations${publicUrl ? `: ${publicUrl}/escalations` : ' in Rapport'} and acknowledge it, so that others know that you take care of it.`,
      ...(number > 1 ? [`This is letter ${number} about it.`] : []),
    ].join('\n\n'),
    goodForMinutes: 60,
  };
}

/**
 * Writes to the team about open escalations until somebody acknowledges them. Every server looks each second, so that no
 * wake-up is needed; each page is taken by one, in a transaction that numbers it.
 */
export function createEscalationClock(parts: {
  db: Database;
  log: Logger;
  mail: Mail;
  publicUrl: string | null;
  safety: SafetyService;
  tell: TellTeam;
  addressees: Addressees;
}) {
  const { db, log, mail, publicUrl, safety, tell, addressees } = parts;
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;
  let again = false;

  const write = async (orgId: string, due: store.DuePage, number: number, fallback: string | null): Promise<void> => {
    const own = await addressees(orgId, 'sessions.supervise', due);
    const text = letter(number, due, publicUrl);
    for (const to of new Set([...own, ...(fallback ? [fallback] : [])])) mail.post({ to, ...text });
  };

  const page = async (tx: Tx, orgId: string, id: string): Promise<void> => {
    const due = await store.takeDue(tx, orgId, id);
    if (!due) return;
    const { pageSeconds, maxPages, fallbackEmail } = await safety.within(tx, orgId);
    const number = due.pages + 1;
    const fallback = due.missed ? fallbackEmail : null;
    // A missed deadline is told even when the letters are used up.
    if (due.pages >= maxPages && (!due.missed || due.missedBefore)) {
      await store.setPaged(tx, orgId, id, { missed: due.missed, fallback: false, again: null, counted: false });
      return;
    }
    await store.insertPage(tx, orgId, id, number, fallback !== null);
    const more = number < maxPages ? pageSeconds : null;
    await store.setPaged(tx, orgId, id, {
      missed: due.missed,
      fallback: fallback !== null,
      again: more,
      counted: true,
    });
    const data = { escalationId: id, number, missed: due.missed, fallback: fallback !== null };
    await tell(tx, orgId, due.roomId, [draft('escalation.paged', 'staff', system, data)]);
    tx.afterCommit(() => {
      write(orgId, due, number, fallback).catch((error: Error) =>
        log.error({ err: error.message }, 'nobody could be written to about an escalation; the next letter follows'),
      );
    });
  };

  const tick = async (): Promise<void> => {
    do {
      again = false;
      for (const { orgId, id } of await store.dueEscalations(db.everywhere, atOnce)) {
        await db
          .in(orgId)
          .tx((tx) => page(tx, orgId, id))
          .catch((error: Error) => log.warn({ err: error.message }, 'a page waits for the next round'));
      }
    } while (again);
  };

  const look = (): void => {
    again = true;
    working ??= tick()
      .catch((error: Error) => log.debug({ err: error.message }, 'due pages are looked for in the next round'))
      .finally(() => (working = undefined));
  };

  return {
    /** Looks at once: an escalation was raised here. */
    look,
    start(): void {
      timer = setInterval(look, everyMs);
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await working;
    },
  };
}
