import { EngineError, type Engine, type EngineEnd, type PromptMessage } from './engine.ts';
import { postStream } from './http.ts';
import { createSseParser } from './sse.ts';

interface Chunk {
  type: string;
  message?: { usage?: { input_tokens?: number; cache_read_input_tokens?: number; cache_creation_input_tokens?: number } };
  delta?: { type?: string; text?: string; stop_reason?: string | null };
  usage?: { output_tokens?: number };
  error?: { type?: string };
}

const finishReasons: Record<string, EngineEnd['finishReason']> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  refusal: 'content-filter',
};

const defaultMaxTokens = 1024;

function parse(data: string): Chunk {
  try {
    return JSON.parse(data) as Chunk;
  } catch (error) {
    throw new EngineError('malformed', { cause: error });
  }
}

const block = (message: PromptMessage) => ({
  type: 'text',
  text: message.content,
  ...(message.cache ? { cache_control: { type: 'ephemeral' } } : {}),
});

/** System messages before the first turn are the system prompt; later ones are joined to the turn they stand before. */
export function toAnthropic(messages: PromptMessage[]) {
  const firstTurn = messages.findIndex((m) => m.role !== 'system');
  const system = messages.slice(0, firstTurn === -1 ? messages.length : firstTurn).map(block);
  const turns: { role: 'user' | 'assistant'; content: ReturnType<typeof block>[] }[] = [];
  for (const message of firstTurn === -1 ? [] : messages.slice(firstTurn)) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(block(message));
    else turns.push({ role, content: [block(message)] });
  }
  if (turns[0]?.role !== 'user') turns.unshift({ role: 'user', content: [{ type: 'text', text: '(The conversation begins.)' }] });
  return { system, messages: turns };
}

/** Anthropic's messages API. `baseUrl` is without /v1. */
export function createAnthropicEngine(settings: { baseUrl: string; apiKey: string | null }): Engine {
  const url = `${settings.baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1/messages`;
  const headers = { 'anthropic-version': '2023-06-01', ...(settings.apiKey ? { 'x-api-key': settings.apiKey } : {}) };
  return {
    async stream(request, onText) {
      let finish: EngineEnd['finishReason'] | null = null;
      let stopped = false;
      let texts = 0;
      let input: NonNullable<Chunk['message']>['usage'] = {};
      let output: number | null = null;
      const parser = createSseParser((data) => {
        const chunk = parse(data);
        if (chunk.type === 'content_block_delta' && chunk.delta?.text) {
          texts += 1;
          onText(chunk.delta.text);
        } else if (chunk.type === 'message_start') input = chunk.message?.usage ?? {};
        else if (chunk.type === 'message_delta') {
          if (chunk.delta?.stop_reason) finish = finishReasons[chunk.delta.stop_reason] ?? 'other';
          output = chunk.usage?.output_tokens ?? output;
        } else if (chunk.type === 'message_stop') stopped = true;
        else if (chunk.type === 'error') {
          throw new EngineError(chunk.error?.type === 'rate_limit_error' ? 'rate-limited' : 'unavailable');
        }
      });
      const body = {
        model: request.model,
        ...toAnthropic(request.messages),
        stream: true,
        max_tokens: request.maxTokens ?? defaultMaxTokens,
        ...(request.temperature === undefined ? {} : { temperature: Math.min(1, request.temperature) }),
      };
      await postStream({ url, headers, body }, request, (chunk) => {
        const before = texts;
        parser.push(chunk);
        return texts > before;
      });
      parser.end();
      if (!finish || !stopped) throw new EngineError('cut');
      const cachedTokens = input.cache_read_input_tokens ?? null;
      const fresh = input.input_tokens ?? null;
      const inputTokens = fresh === null ? null : fresh + (cachedTokens ?? 0) + (input.cache_creation_input_tokens ?? 0);
      return { finishReason: finish, usage: { inputTokens, outputTokens: output, cachedTokens } };
    },
  };
}
