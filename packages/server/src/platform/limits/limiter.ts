import { systemClock, type Clock } from '../clock.ts';
import type { Database } from '../db/db.ts';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { createCounters, windowMs, type Demand } from './counters.ts';
import type { RateClass, RateRules, RateScope } from './rules.ts';
import { removeOldCounts, shareCounts } from './store.ts';

/** How long servers on one database may differ about a count. */
const shareMs = 500;

export type Limiter = ReturnType<typeof createLimiter>;

const whose: Record<RateScope, string> = {
  address: 'from this address',
  actor: 'under this sign-in',
  organisation: 'from this organisation',
};

/**
 * Counts requests in memory and asks the database for nothing while they are served. Where several servers share a
 * database, each tells the others twice a second what it counted for those who come near a limit, in one statement that
 * answers with the sum. So whoever spreads requests over N servers gets at most one limit per server within the first half
 * second of a minute, and nothing more until the sum has fallen.
 */
export function createLimiter(parts: {
  db: Database;
  log: Logger;
  rules: RateRules;
  /** Whether other servers work on the same database. */
  others(): boolean;
  clock?: Clock;
}) {
  const { db, log, rules, others, clock = systemClock } = parts;
  const counters = createCounters(clock);
  const turns = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let sharing = false;
  let cleanedIn = 0;

  const take = (demands: readonly Demand[], detail: string): void => {
    const waitMs = counters.take(demands);
    if (waitMs === 0) return;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    throw new AppError('rate-limited', {
      detail: `${detail} Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
      retryAfterSeconds: seconds,
    });
  };

  const countTold = async (demand: Demand, detail: string): Promise<void> => {
    take([demand], detail);
    const told = others() ? counters.untoldOf(demand.key) : undefined;
    if (!told) return;
    const [total = told.count] = await shareCounts(db.everywhere, [told]);
    counters.heard(told, total);
    if (total <= demand.limit) return;
    counters.giveBack(demand.key);
    take([demand], detail);
  };

  const share = async (): Promise<void> => {
    const shares = counters.untold().filter(({ key }) => !turns.has(key));
    if (shares.length === 0 || !others()) return;
    const totals = await shareCounts(db.everywhere, shares);
    shares.forEach((one, at) => counters.heard(one, totals[at] ?? one.count));
    const window = Math.floor(clock.now() / windowMs);
    if (cleanedIn === window) return;
    cleanedIn = window;
    await removeOldCounts(db.everywhere, window - 2);
  };

  return {
    rules,

    /** Throws `rate-limited`. What was refused is not counted, so waiting as long as told always helps. */
    admit(kind: RateClass, keys: Partial<Record<RateScope, string>>): void {
      const demands: Demand[] = [];
      let by = '';
      for (const one of ['address', 'actor', 'organisation'] as const) {
        const limit = rules[kind][one];
        const key = keys[one];
        if (limit === undefined || key === undefined) continue;
        demands.push({ key: `${kind}/${one}/${key}`, limit });
        by = demands.length === 1 ? ` ${whose[one]}` : '';
      }
      if (demands.length > 0) take(demands, `Too many requests${by}.`);
    },

    /** A count of one's own, e.g. failed sign-ins under a name. Throws `rate-limited`, whose text begins with `detail`. */
    count: (demand: Demand, detail: string): void => take([demand], detail),
    giveBack: counters.giveBack,

    /**
     * As `count`, and where several servers share the database their sum decides at once, for what is rare and must not be
     * spread over them. Throws `rate-limited`.
     */
    countNow(demand: Demand, detail: string): Promise<void> {
      // One after the other for each key: what is being told must not be told twice.
      const before = turns.get(demand.key) ?? Promise.resolve();
      const turn = before.catch(() => {}).then(() => countTold(demand, detail));
      turns.set(demand.key, turn);
      const forget = () => {
        if (turns.get(demand.key) === turn) turns.delete(demand.key);
      };
      turn.then(forget, forget);
      return turn;
    },

    start() {
      timer = setInterval(() => {
        if (sharing) return;
        sharing = true;
        share()
          .catch((error: Error) => log.debug({ err: error.message }, 'counts not shared; the next time tells them'))
          .finally(() => (sharing = false));
      }, shareMs);
      timer.unref();
    },
    stop: () => clearInterval(timer),
  };
}
