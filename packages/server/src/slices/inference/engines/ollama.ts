import type { Outgoing } from '../../../platform/net/outgoing.ts';
import { postEmbedding } from './embedding.ts';
import { createOpenAiEngine } from './openai.ts';
import type { Engine } from './engine.ts';

const standardAddress = 'http://127.0.0.1:11434';
const lookMs = 300;

/** Ollama speaks OpenAI's protocol under /v1, and may load the model first. `baseUrl` is its plain address. */
export function createOllamaEngine({ baseUrl, outgoing }: { baseUrl: string; outgoing: Outgoing }): Engine {
  const address = baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '');
  return {
    ...createOpenAiEngine({ baseUrl: `${address}/v1`, apiKey: null, outgoing }),
    embed: (request) =>
      postEmbedding(
        {
          outgoing,
          url: `${address}/api/embed`,
          body: { model: request.model, input: request.texts, truncate: true },
          vectorsIn: (answer) => (answer as { embeddings: unknown[] }).embeddings,
          tokensIn: (answer) => (answer as { prompt_eval_count?: unknown }).prompt_eval_count,
        },
        request,
      ),
    patient: true,
  };
}

/** The models of an Ollama on its standard port; null when none answers within 0.3 s. */
export async function findOllama(outgoing: Outgoing, address = standardAddress): Promise<string[] | null> {
  try {
    const response = await outgoing.fetch(`${address}/api/tags`, { signal: AbortSignal.timeout(lookMs) });
    const { models } = (await response.json()) as { models?: { name: string }[] };
    return models?.map((model) => model.name) ?? null;
  } catch {
    return null;
  }
}
