import { setTimeout as sleep } from 'node:timers/promises';
import { streamWithin } from './bounds.ts';
import { defaultTimeouts, EngineError, type Engine, type EngineEnd, type EngineRequest } from './engine.ts';

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
 * A try that leaves most of the budget waits for its first token only so long that another can begin: a connection that
 * hangs is asked for again, once, because what is left then is too little to shorten the next try as well. An engine whose
 * slowness is work, e.g. loading a model, would only begin that work anew.
 */
function shortened(request: EngineRequest, engine: Engine, leftMs: number, budgetMs: number): EngineRequest {
  if (engine.patient || leftMs < budgetMs / 2) return request;
  const timeouts = request.timeouts ?? defaultTimeouts;
  return { ...request, timeouts: { ...timeouts, firstTokenMs: Math.min(timeouts.firstTokenMs, leftMs * 0.8) } };
}

/** Tries again while the fault may pass and the budget lasts. A provider's Retry-After is kept to. Throws EngineError. */
export async function retrying<T>(
  attempt: (leftMs: number) => Promise<T>,
  mayPass: (error: EngineError) => boolean,
  signal: AbortSignal,
  { budgetMs, maxAttempts, clock = realClock }: RetryBudget,
): Promise<T> {
  const deadline = clock.now() + budgetMs;
  for (let n = 1; ; n += 1) {
    try {
      return await attempt(n < maxAttempts ? deadline - clock.now() : 0);
    } catch (error) {
      if (!(error instanceof EngineError) || !mayPass(error) || n >= maxAttempts) throw error;
      const wait = backOff(n) + (error.retryAfterMs ?? 0);
      if (clock.now() + wait > deadline) throw error;
      await clock.sleep(wait, signal).catch((cause: unknown) => {
        throw new EngineError('aborted', { cause });
      });
    }
  }
}

/**
 * Streams, and tries again while nothing has been shown, the fault may pass, and the budget lasts. A provider's
 * Retry-After is kept to; one beyond the budget ends the reply at once. Bounded whatever the provider does. Throws EngineError.
 */
export function streamWithRetry(
  engine: Engine,
  request: EngineRequest,
  onText: (text: string) => void,
  budget: RetryBudget,
): Promise<EngineEnd> {
  let shown = false;
  const show = (text: string) => {
    shown = true;
    onText(text);
  };
  return retrying(
    (left) => streamWithin(engine, shortened(request, engine, left, budget.budgetMs), show),
    (error) => !shown && error.retryable,
    request.signal,
    budget,
  );
}
