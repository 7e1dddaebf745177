import type { Engine, EngineRequest } from './engines/engine.ts';
import { streamWithRetry } from './engines/retry.ts';
import type { ProviderService } from './providers.service.ts';

interface Asked {
  maxTokens: number;
  signal: AbortSignal;
}
interface Question extends Asked {
  system: string;
  user: string;
}

const retryMs = 30_000;
const longestAnswer = 20_000;

/** One question to a model outside of what a client reads: the answer as a whole, cut at `longest` UTF-16 units. Throws EngineError. */
export async function answerOf(
  engine: Engine,
  model: string,
  messages: EngineRequest['messages'],
  { maxTokens, signal, longest, tries = 1 }: Asked & { longest: number; tries?: number },
): Promise<string> {
  let answer = '';
  const listen = (more: string) => {
    if (answer.length < longest) answer += more;
  };
  const request = { model, messages, maxTokens, temperature: 0, signal };
  await streamWithRetry(engine, request, listen, { budgetMs: retryMs, maxAttempts: tries });
  return answer.trim();
}

/**
 * One question to the organisation's model outside of any session; nothing of it is stored. Null where no model is set up.
 * Throws EngineError, also where what clients say may not be sent to its provider.
 */
export const createAsk =
  (providers: Pick<ProviderService, 'engineFor'>) =>
  async (orgId: string, { system, user, ...asked }: Question): Promise<string | null> => {
    const { engine, model } = await providers.engineFor(orgId, null, null);
    if (!engine) return null;
    const messages = [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: user },
    ];
    return answerOf(engine, model, messages, { ...asked, longest: longestAnswer });
  };
