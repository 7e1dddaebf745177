import type { EngineName, Usage } from '@rapport/protocol/inference';
import { AppError } from '../../platform/errors.ts';
import type { BudgetService } from './budgets.service.ts';
import type { Engine, EngineRequest } from './engines/engine.ts';
import { streamWithRetry } from './engines/retry.ts';
import type { ProviderService } from './providers.service.ts';

interface Asked {
  maxTokens: number;
  signal: AbortSignal;
  /** In UTF-16 units; the answer is cut there. */
  longest: number;
  tries?: number;
}

/** On whose account a question is asked. */
export interface Asker {
  personaId: string;
  userId: string;
}

/** On whose account something else is asked of a model; null for what no persona, or nobody of the team, asks for. */
export interface Account {
  personaId: string | null;
  userId: string | null;
}

/** Stands in the sums of use where a persona or a member would. */
const nobody = '00000000-0000-0000-0000-000000000000';

export const askerOf = ({ personaId, userId }: Account): Asker => ({
  personaId: personaId ?? nobody,
  userId: userId ?? nobody,
});

const retryMs = 30_000;

/** One question to a model outside of what a client reads: the answer as a whole, and what it used. Throws EngineError. */
export async function answerOf(
  engine: Engine,
  model: string,
  messages: EngineRequest['messages'],
  { maxTokens, signal, longest, tries = 1 }: Asked,
): Promise<{ text: string; usage: Usage }> {
  let answer = '';
  const listen = (more: string) => {
    if (answer.length < longest) answer += more;
  };
  const request = { model, messages, maxTokens, temperature: 0, signal };
  const { usage } = await streamWithRetry(engine, request, listen, { budgetMs: retryMs, maxAttempts: tries });
  return { text: answer.trim(), usage };
}

export type Asking = ReturnType<typeof createAsking>;

/** Questions that the budgets of an organisation pay for; nothing of them is stored but what they used. */
export function createAsking({
  providers,
  budgets,
}: {
  providers: Pick<ProviderService, 'engineFor' | 'costOf'>;
  budgets: Pick<BudgetService, 'spending' | 'count'>;
}) {
  /** Throws EngineError, `budget-spent`. */
  const ask = async (
    orgId: string,
    asker: Asker,
    { engine, model }: { engine: Engine; model: string },
    messages: EngineRequest['messages'],
    asked: Asked,
  ): Promise<string> => {
    const until = (await budgets.spending(orgId)).spentUntil(asker.personaId, asker.userId);
    if (until)
      throw new AppError('budget-spent', {
        detail: `The limit set for AI models is reached, so none is asked before ${until.toISOString()}.`,
      });
    const { text, usage } = await answerOf(engine, model, messages, asked);
    // As with replies: where a provider does not tell, four characters of the answer count as a token.
    const tokens = (usage.inputTokens ?? 0) + (usage.outputTokens ?? Math.ceil(text.length / 4));
    const costMicroUsd = (await providers.costOf(orgId, model, usage)) ?? 0;
    await budgets.count(orgId, { ...asker, tokens, costMicroUsd });
    return text;
  };

  return {
    ask,

    /** Of the organisation's own model, and which that is. Null where none is set up. Throws as `ask`, also where nothing may be sent to it. */
    async askDefault(
      orgId: string,
      asker: Asker,
      { system, user, ...asked }: Asked & { system: string; user: string },
    ): Promise<{ text: string; by: EngineName } | null> {
      const { engine, model, name } = await providers.engineFor(orgId, null, null);
      if (!engine) return null;
      const messages = [
        { role: 'system' as const, content: system },
        { role: 'user' as const, content: user },
      ];
      return { text: await ask(orgId, asker, { engine, model }, messages, asked), by: name };
    },
  };
}
