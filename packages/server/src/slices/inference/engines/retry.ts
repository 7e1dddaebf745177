import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, type Engine, type EngineEnd, type EngineRequest } from './engine.ts';

export interface RetryClock {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface RetryBudget {
  /** Milliseconds from the first try within which another may begin. */
  budgetMs: number;
  maxAttempts: number;
  clock?: RetryClock;
}

const realClock: RetryClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

const baseMs = 250;

/** Spread out, so that replies refused in one moment do not come back in one moment. */
const backOff = (attempt: number) => baseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);

/**
 * Streams, and tries again while nothing has been shown, the fault may pass, and the budget lasts. A provider's
 * Retry-After is kept to; one beyond the budget ends the reply at once. Throws EngineError.
 */
export async function streamWithRetry(
  engine: Engine,
  request: EngineRequest,
  onText: (text: string) => void,
  { budgetMs, maxAttempts, clock = realClock }: RetryBudget,
): Promise<EngineEnd> {
  const deadline = clock.now() + budgetMs;
  let shown = false;
  const show = (text: string) => {
    shown = true;
    onText(text);
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await engine.stream(request, show);
    } catch (error) {
      if (!(error instanceof EngineError) || shown || !error.retryable || attempt >= maxAttempts) throw error;
      const wait = backOff(attempt) + (error.retryAfterMs ?? 0);
      if (clock.now() + wait > deadline) throw error;
      await clock.sleep(wait, request.signal).catch((cause: unknown) => {
        throw new EngineError('aborted', { cause });
      });
    }
  }
}
