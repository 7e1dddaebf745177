import { postEmbedding } from './embedding.ts';
import { EngineError, tokenCount, type Engine, type EngineEnd, type EngineRequest, type Usage } from './engine.ts';
import { createReranking } from './reranking.ts';
import { newProgress, postStream, type HttpEngineSettings, type StreamReader } from './http.ts';
import { createSseParser, parseData } from './sse.ts';
import { createTemplate } from './template.ts';

interface Delta {
  content?: string | { type?: string; text?: string }[] | null;
  /** What a model thinks before it answers; the two names it goes by. Never shown. */
  reasoning_content?: string | null;
  reasoning?: string | null;
}

interface Chunk {
  model?: unknown;
  choices?: { delta?: Delta | null; finish_reason?: string | null }[] | null;
  usage?: {
    prompt_tokens?: unknown;
    completion_tokens?: unknown;
    prompt_tokens_details?: { cached_tokens?: unknown } | null;
    prompt_cache_hit_tokens?: unknown;
  } | null;
  error?: { code?: unknown } | string | null;
}

const finishReasons: Record<string, EngineEnd['finishReason']> = {
  stop: 'stop',
  length: 'length',
  content_filter: 'content-filter',
};

const usageOf = (usage: NonNullable<Chunk['usage']>): Usage => ({
  inputTokens: tokenCount(usage.prompt_tokens),
  outputTokens: tokenCount(usage.completion_tokens),
  cachedTokens: tokenCount(usage.prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens),
});

/** Some models answer in parts, of which only text is for the reader. */
const textOf = (content: Delta['content']): string =>
  Array.isArray(content) ? content.map((part) => part.text ?? '').join('') : (content ?? '');

/** The text of a chunk that says nothing else. */
export function onlyText(value: unknown): string | null {
  const { choices, usage, error } = value as Chunk;
  const choice = choices?.[0];
  const content = choice?.delta?.content;
  if (typeof content !== 'string' || choices?.length !== 1 || choice?.finish_reason || usage || error) return null;
  return choice?.delta?.reasoning_content || choice?.delta?.reasoning ? null : content;
}

const errorOf = (error: NonNullable<Chunk['error']>) =>
  new EngineError(typeof error === 'object' && Number(error.code) === 429 ? 'rate-limited' : 'unavailable');

const isOpenAi = (url: string) => URL.parse(url)?.hostname === 'api.openai.com';

/** OpenAI's newer models refuse the old name of the limit, most other servers do not know the new one. */
const bodyOf = (request: EngineRequest, own: boolean) => ({
  model: request.model,
  messages: request.messages.map(({ role, content }) => ({ role, content })),
  stream: true,
  stream_options: { include_usage: true },
  ...(request.maxTokens === undefined ? {} : { [own ? 'max_completion_tokens' : 'max_tokens']: request.maxTokens }),
  ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
  ...(request.stop?.length ? { stop: request.stop } : {}),
});

/** Reads one reply into `end`, whose finish reason is null until the provider has told it. */
function createReader(model: string, onText: (text: string) => void) {
  const progress = newProgress();
  const end = {
    finishReason: null as EngineEnd['finishReason'] | null,
    usage: { inputTokens: null, outputTokens: null, cachedTokens: null } as Usage,
    model,
  };
  const show = (text: string) => {
    if (text === '') return;
    progress.texts += 1;
    onText(text);
  };
  const read = (chunk: Chunk) => {
    if (chunk.error) throw errorOf(chunk.error);
    if (typeof chunk.model === 'string' && chunk.model) end.model = chunk.model;
    if (chunk.usage) end.usage = usageOf(chunk.usage);
    const choice = chunk.choices?.[0];
    if (!choice) return;
    if (choice.delta?.reasoning_content || choice.delta?.reasoning) progress.signs += 1;
    show(textOf(choice.delta?.content));
    if (choice.finish_reason === 'error') throw new EngineError('unavailable');
    if (choice.finish_reason) end.finishReason = finishReasons[choice.finish_reason] ?? 'other';
    progress.finished = end.finishReason !== null;
  };
  const template = createTemplate(onlyText);
  const parser = createSseParser((data) => {
    const known = template.textOf(data);
    if (known !== null) return show(known);
    if (data === '[DONE]') return void (progress.ended = progress.finished);
    const chunk = parseData<Chunk>(data);
    read(chunk);
    const text = onlyText(chunk);
    if (text !== null) template.learn(data, text);
  });
  const reader: StreamReader = { progress, push: parser.push, end: parser.end };
  return { reader, end };
}

interface OneEmbedded {
  index: number;
  embedding: unknown;
}

const inOrder = (data: OneEmbedded[]): unknown[] =>
  data.toSorted((a, b) => a.index - b.index).map((one) => one.embedding);

/** OpenAI's chat completions, as vLLM, llama.cpp, LM Studio, OpenRouter and Ollama speak them too. `baseUrl` ends in /v1. */
export function createOpenAiEngine(settings: HttpEngineSettings): Engine {
  const { outgoing } = settings;
  const address = settings.baseUrl.replace(/\/+$/, '');
  const url = `${address}/chat/completions`;
  const headers: Record<string, string> = settings.apiKey ? { authorization: `Bearer ${settings.apiKey}` } : {};
  return {
    async stream(request, onText) {
      const { reader, end } = createReader(request.model, onText);
      await postStream({ outgoing, url, headers, body: bodyOf(request, isOpenAi(url)) }, request, reader);
      return { ...end, finishReason: end.finishReason ?? 'other' };
    },
    embed: (request) =>
      postEmbedding(
        {
          outgoing,
          url: `${address}/embeddings`,
          headers,
          body: { model: request.model, input: request.texts },
          vectorsIn: (answer) => inOrder((answer as { data: OneEmbedded[] }).data),
          tokensIn: (answer) => (answer as { usage?: { total_tokens?: unknown } | null }).usage?.total_tokens,
        },
        request,
      ),
    rerank: createReranking({ outgoing, url: `${address}/rerank`, headers }),
  };
}
