import type { Clock } from '../clock.ts';

export const windowMs = 60_000;
const keysKept = 100_000;

export interface Demand {
  key: string;
  /** Requests a minute. */
  limit: number;
}

interface Counter {
  limit: number;
  window: number;
  /** In this window, on every server as far as this one knows. */
  count: number;
  /** In the window before. */
  previous: number;
  /** Counted here and not told to the others yet. */
  untold: number;
}

export interface Share {
  key: string;
  window: number;
  count: number;
}

/** Below this part of its limit nobody else needs to know. */
const toldFrom = 1 / 8;

/** Milliseconds until one more fits, by the same sliding estimate that refused it. */
function waitOf({ count, previous, limit }: Counter, elapsed: number): number {
  if (count + 1 <= limit) return windowMs * (1 - (limit - count - 1) / previous) - elapsed;
  return windowMs - elapsed + windowMs * (1 - (limit - 1) / count);
}

/**
 * Requests counted in minutes that begin at the same moment on every server. How many count now is this minute's and, for
 * the part of a minute that has not passed yet, the last one's: a sliding window in two numbers.
 */
export function createCounters(clock: Clock) {
  const counters = new Map<string, Counter>();

  const counterOf = ({ key, limit }: Demand, window: number): Counter => {
    const known = counters.get(key);
    const counter = known ?? { limit, window, count: 0, previous: 0, untold: 0 };
    if (counter.window !== window) {
      counter.previous = counter.window === window - 1 ? counter.count : 0;
      Object.assign(counter, { window, count: 0, untold: 0 });
    }
    counter.limit = limit;
    if (!known) {
      counters.set(key, counter);
      if (counters.size > keysKept) counters.delete(counters.keys().next().value ?? '');
    }
    return counter;
  };

  return {
    /** Counts one for each, or, where one of them is full, for none. Returns 0, or the milliseconds to wait. */
    take(demands: readonly Demand[]): number {
      const now = clock.now();
      const window = Math.floor(now / windowMs);
      const elapsed = now - window * windowMs;
      const asked = demands.map((demand) => counterOf(demand, window));
      let wait = 0;
      for (const counter of asked)
        if (counter.count + counter.previous * (1 - elapsed / windowMs) + 1 > counter.limit)
          wait = Math.max(wait, waitOf(counter, elapsed), 1);
      if (wait > 0) return wait;
      for (const counter of asked) {
        counter.count += 1;
        counter.untold += 1;
      }
      return 0;
    },

    /** Takes back what was counted: it turned out not to be what the limit is for. */
    giveBack(key: string): void {
      const counter = counters.get(key);
      if (!counter || counter.count === 0) return;
      counter.count -= 1;
      counter.untold -= 1;
    },

    /** What the other servers should hear of. */
    untold(): Share[] {
      const window = Math.floor(clock.now() / windowMs);
      const shares: Share[] = [];
      for (const [key, counter] of counters) {
        if (counter.window < window - 1) counters.delete(key);
        else if (counter.window === window && counter.untold !== 0 && counter.count >= counter.limit * toldFrom)
          shares.push({ key, window, count: counter.untold });
      }
      return shares;
    },

    /** What the others should hear of one key, however far from its limit. */
    untoldOf(key: string): Share | undefined {
      const counter = counters.get(key);
      return counter && { key, window: counter.window, count: counter.untold };
    },

    /** What was told, and how many all servers together counted. */
    heard(told: Share, total: number): void {
      const counter = counters.get(told.key);
      if (counter?.window !== told.window) return;
      counter.untold -= told.count;
      counter.count = total + counter.untold;
    },

    size: () => counters.size,
  };
}
