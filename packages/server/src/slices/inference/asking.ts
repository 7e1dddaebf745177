import type { ProviderService } from './providers.service.ts';

interface Question {
  system: string;
  user: string;
  maxTokens: number;
  signal: AbortSignal;
}

const longestAnswer = 20_000;

/**
 * One question to the organisation's model outside of any session; nothing of it is stored. Null where no model is set up.
 * Throws EngineError, also where what clients say may not be sent to its provider.
 */
export const createAsk =
  (providers: Pick<ProviderService, 'engineFor'>) =>
  async (orgId: string, { system, user, maxTokens, signal }: Question): Promise<string | null> => {
    const { engine, model } = await providers.engineFor(orgId, null, null);
    if (!engine) return null;
    let answer = '';
    const messages = [
      { role: 'system' as const, content: system },
      { role: 'user' as const, content: user },
    ];
    await engine.stream({ model, messages, maxTokens, temperature: 0, signal }, (more) => {
      if (answer.length < longestAnswer) answer += more;
    });
    return answer.trim();
  };
