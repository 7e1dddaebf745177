import {
  EngineError,
  tokenCount,
  type Engine,
  type EngineEnd,
  type EngineRequest,
  type PromptMessage,
} from './engine.ts';
import { newProgress, postStream, type HttpEngineSettings, type StreamReader } from './http.ts';
import { createSseParser, parseData } from './sse.ts';
import { createTemplate } from './template.ts';

interface Chunk {
  type: string;
  message?: { model?: string; usage?: InputUsage };
  delta?: { type?: string; text?: string; stop_reason?: string | null };
  usage?: { output_tokens?: unknown };
  error?: { type?: string };
}

interface InputUsage {
  input_tokens?: unknown;
  cache_read_input_tokens?: unknown;
  cache_creation_input_tokens?: unknown;
}

const finishReasons: Record<string, EngineEnd['finishReason']> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content-filter',
};

const defaultMaxTokens = 1024;
/** Anthropic refuses a prompt with more. */
const maxCacheMarks = 4;

const block = (message: PromptMessage, cache: boolean) => ({
  type: 'text',
  text: message.content,
  ...(cache ? { cache_control: { type: 'ephemeral' } } : {}),
});

/** System messages before the first turn are the system prompt; later ones are joined to the turn they stand before. */
export function toAnthropic(all: PromptMessage[]) {
  // A block without text is refused.
  const messages = all.filter((m) => m.content.trim() !== '');
  const marked = new Set(messages.filter((m) => m.cache).slice(-maxCacheMarks));
  const blockOf = (message: PromptMessage) => block(message, marked.has(message));
  const found = messages.findIndex((m) => m.role !== 'system');
  const firstTurn = found === -1 ? messages.length : found;
  const system = messages.slice(0, firstTurn).map(blockOf);
  const turns: { role: 'user' | 'assistant'; content: ReturnType<typeof block>[] }[] = [];
  for (const message of messages.slice(firstTurn)) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(blockOf(message));
    else turns.push({ role, content: [blockOf(message)] });
  }
  if (turns[0]?.role !== 'user')
    turns.unshift({ role: 'user', content: [{ type: 'text', text: '(The conversation begins.)' }] });
  return { ...(system.length ? { system } : {}), messages: turns };
}

const bodyOf = (request: EngineRequest) => ({
  model: request.model,
  ...toAnthropic(request.messages),
  stream: true,
  max_tokens: request.maxTokens ?? defaultMaxTokens,
  ...(request.temperature === undefined ? {} : { temperature: Math.min(1, request.temperature) }),
  ...(request.stop?.length ? { stop_sequences: request.stop } : {}),
});

/** What was read from a cache or written into one is not counted in `input_tokens`. */
function inputOf(usage: InputUsage) {
  const fresh = tokenCount(usage.input_tokens);
  const cachedTokens = tokenCount(usage.cache_read_input_tokens);
  const written = tokenCount(usage.cache_creation_input_tokens) ?? 0;
  return { inputTokens: fresh === null ? null : fresh + (cachedTokens ?? 0) + written, cachedTokens };
}

/** The text of an event that is nothing but text. */
export function onlyText(value: unknown): string | null {
  const { type, delta } = value as Chunk;
  return type === 'content_block_delta' && typeof delta?.text === 'string' ? delta.text : null;
}

/** Reads one reply into `end`, whose finish reason is null until the provider has told it. */
function createReader(model: string, onText: (text: string) => void) {
  const progress = newProgress();
  const end = {
    finishReason: null as EngineEnd['finishReason'] | null,
    usage: {
      inputTokens: null as number | null,
      outputTokens: null as number | null,
      cachedTokens: null as number | null,
    },
    model,
  };
  const show = (text: string | undefined) => {
    if (!text) return void (progress.signs += 1);
    progress.texts += 1;
    onText(text);
  };
  const template = createTemplate(onlyText);
  const parser = createSseParser((data) => {
    const known = template.textOf(data);
    if (known !== null) return show(known);
    const chunk = parseData<Chunk>(data);
    switch (chunk.type) {
      case 'content_block_delta':
        show(chunk.delta?.text);
        return template.learn(data, chunk.delta?.text ?? '');
      case 'message_start':
        end.model = chunk.message?.model || model;
        Object.assign(end.usage, inputOf(chunk.message?.usage ?? {}));
        return;
      case 'message_delta':
        if (chunk.delta?.stop_reason) end.finishReason = finishReasons[chunk.delta.stop_reason] ?? 'other';
        end.usage.outputTokens = tokenCount(chunk.usage?.output_tokens) ?? end.usage.outputTokens;
        progress.finished = end.finishReason !== null;
        return;
      case 'message_stop':
        progress.ended = progress.finished;
        return;
      case 'error':
        throw new EngineError(chunk.error?.type === 'rate_limit_error' ? 'rate-limited' : 'unavailable');
    }
  });
  const reader: StreamReader = { progress, push: parser.push, end: parser.end };
  return { reader, end };
}

/** Anthropic's messages API. `baseUrl` with or without /v1. */
export function createAnthropicEngine(settings: HttpEngineSettings): Engine {
  const { outgoing } = settings;
  const url = `${settings.baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')}/v1/messages`;
  const headers = { 'anthropic-version': '2023-06-01', ...(settings.apiKey ? { 'x-api-key': settings.apiKey } : {}) };
  return {
    async stream(request, onText) {
      const { reader, end } = createReader(request.model, onText);
      await postStream({ outgoing, url, headers, body: bodyOf(request) }, request, reader);
      return { ...end, finishReason: end.finishReason ?? 'other' };
    },
  };
}
