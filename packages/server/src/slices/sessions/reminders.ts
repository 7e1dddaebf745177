import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import type { Logger } from '../../platform/logger.ts';
import { createRounds, type Rounds } from '../../platform/rounds.ts';
import { freshSafety } from '../supervision/safety.service.ts';
import type { SessionSafety } from './safety.ts';
import * as store from './store.ts';

const everyMs = 1000;
const atOnce = 50;

/**
 * Tells clients again that an AI answers when it is time, not only with their next message: a law counts hours. Every server
 * looks; each session is told once.
 */
export function createReminders(parts: { db: Database; log: Logger; clock: Clock; safety: SessionSafety }): Rounds {
  const { db, log, clock, safety } = parts;
  const round = async (): Promise<void> => {
    const now = new Date(clock.now()).toISOString();
    const due = await store.sessionsToRemind(db.everywhere, now, freshSafety.disclosureMinutes, atOnce);
    for (const { orgId, id } of due) {
      await db
        .in(orgId)
        .tx((tx) => safety.remind(tx, orgId, id))
        .catch((error: Error) => log.warn({ err: error.message }, 'a reminder waits for the next round'));
    }
  };
  return createRounds(everyMs, round, (error) =>
    log.debug({ err: error.message }, 'due reminders are looked for in the next round'),
  );
}
