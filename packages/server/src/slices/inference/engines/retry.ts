import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, type Engine, type EngineEnd, type EngineRequest } from './engine.ts';

export interface RetryBudget {
  /** Milliseconds from the first try within which another may begin. */
  budgetMs: number;
  maxAttempts: number;
}

const baseMs = 250;

/**
 * Streams, and tries again while nothing has been shown, the fault may pass, and the budget lasts. A provider's
 * Retry-After is kept to; one beyond the budget ends the reply at once. Throws EngineError.
 */
export async function streamWithRetry(
  engine: Engine,
  request: EngineRequest,
  onText: (text: string) => void,
  budget: RetryBudget,
): Promise<EngineEnd> {
  const deadline = performance.now() + budget.budgetMs;
  let shown = false;
  const show = (text: string) => {
    shown = true;
    onText(text);
  };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await engine.stream(request, show);
    } catch (error) {
      if (!(error instanceof EngineError) || shown || !error.retryable || attempt >= budget.maxAttempts) throw error;
      const jittered = baseMs * 2 ** (attempt - 1) * (0.5 + Math.random());
      const wait = Math.max(error.retryAfterMs ?? 0, jittered);
      if (performance.now() + wait > deadline) throw error;
      await sleep(wait, undefined, { signal: request.signal }).catch((cause: unknown) => {
        throw new EngineError('aborted', { cause });
      });
    }
  }
}
