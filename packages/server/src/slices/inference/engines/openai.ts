import type { Usage } from '@rapport/protocol/inference';
import { EngineError, type Engine, type EngineEnd } from './engine.ts';
import { postStream } from './http.ts';
import { createSseParser, fastContent } from './sse.ts';

interface Chunk {
  choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[];
  usage?: { prompt_tokens?: number; completion_tokens?: number; prompt_tokens_details?: { cached_tokens?: number } } | null;
  error?: unknown;
}

const finishReasons: Record<string, EngineEnd['finishReason']> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content-filter',
};

const usageOf = (usage: NonNullable<Chunk['usage']>): Usage => ({
  inputTokens: usage.prompt_tokens ?? null,
  outputTokens: usage.completion_tokens ?? null,
  cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? null,
});

function parse(data: string): Chunk {
  try {
    return JSON.parse(data) as Chunk;
  } catch (error) {
    throw new EngineError('malformed', { cause: error });
  }
}

/** OpenAI's chat completions, as vLLM, llama.cpp, LM Studio, OpenRouter and Ollama speak them too. `baseUrl` ends in /v1. */
export function createOpenAiEngine(settings: { baseUrl: string; apiKey: string | null }): Engine {
  const url = `${settings.baseUrl.replace(/\/+$/, '')}/chat/completions`;
  const headers: Record<string, string> = settings.apiKey ? { authorization: `Bearer ${settings.apiKey}` } : {};
  return {
    async stream(request, onText) {
      let finish: EngineEnd['finishReason'] | null = null;
      let usage: Usage = { inputTokens: null, outputTokens: null, cachedTokens: null };
      let texts = 0;
      const parser = createSseParser((data) => {
        const fast = fastContent(data);
        if (fast !== null) {
          texts += 1;
          return onText(fast);
        }
        if (data === '[DONE]') return;
        const chunk = parse(data);
        if (chunk.error) throw new EngineError('unavailable');
        const choice = chunk.choices?.[0];
        if (choice?.delta?.content) {
          texts += 1;
          onText(choice.delta.content);
        }
        if (choice?.finish_reason) finish = finishReasons[choice.finish_reason] ?? 'other';
        if (chunk.usage) usage = usageOf(chunk.usage);
      });
      const body = {
        model: request.model,
        messages: request.messages.map(({ role, content }) => ({ role, content })),
        stream: true,
        stream_options: { include_usage: true },
        ...(request.maxTokens === undefined ? {} : { max_tokens: request.maxTokens }),
        ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
      };
      await postStream({ url, headers, body }, request, (chunk) => {
        const before = texts;
        parser.push(chunk);
        return texts > before;
      });
      parser.end();
      if (!finish) throw new EngineError('cut');
      return { finishReason: finish, usage };
    },
  };
}
