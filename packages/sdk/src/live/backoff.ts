const baseMs = 500;
const capMs = 20_000;

export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number;
  reset(): void;
}

/**
 * Full jitter: uniform in [0, ceiling), the ceiling doubling from 0.5 s to 20 s, so that a crowd cut off at one moment
 * does not come back at one moment (Brooker, "Exponential Backoff And Jitter", 2015).
 */
export function createBackoff(random: () => number): Backoff {
  let tries = 0;
  return {
    next: () => random() * Math.min(capMs, baseMs * 2 ** tries++),
    reset: () => void (tries = 0),
  };
}

/** Resolves after `ms`, or at once when the signal is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
