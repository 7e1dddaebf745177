import type { Database } from '../../platform/db/db.ts';
import { draft } from '../../platform/events/store.ts';
import type { Logger } from '../../platform/logger.ts';
import type { SessionAccess } from './access.ts';
import * as plans from './plan.store.ts';

const everyMs = 1000;
const atOnce = 50;
const system = { kind: 'system', id: null, name: null } as const;

interface Parts {
  db: Database;
  log: Logger;
  access: SessionAccess;
  close(orgId: string, id: string): Promise<void>;
}

/** Tells a session that its planned time is over, and ends it where that was chosen. Every server looks; one tells. */
export function createPlanClock({ db, log, access, close }: Parts) {
  let timer: NodeJS.Timeout | undefined;
  let working: Promise<void> | undefined;

  const tick = async (): Promise<void> => {
    for (const { orgId, id } of await plans.dueTimers(db.everywhere, atOnce)) {
      const due = await db.in(orgId).tx(async (tx) => {
        const taken = await plans.takeDue(tx, orgId, id);
        if (taken && !taken.ended && !taken.told)
          await access.append(tx, orgId, taken.roomId, [draft('session.time-up', 'all', system, {})]);
        return taken;
      });
      if (due?.closes && !due.ended) await close(orgId, id);
    }
  };

  return {
    start(): void {
      timer = setInterval(() => {
        working ??= tick()
          .catch((error: Error) => log.warn({ err: error.message }, 'planned ends are looked for in the next round'))
          .finally(() => (working = undefined));
      }, everyMs);
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      await working;
    },
  };
}
