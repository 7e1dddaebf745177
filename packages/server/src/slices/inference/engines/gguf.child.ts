import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { EngineEnd, PromptMessage, Usage } from './engine.ts';

export interface Generate {
  type: 'generate';
  /** Comes back with everything that belongs to this reply. */
  id: number;
  messages: PromptMessage[];
  maxTokens: number | undefined;
  temperature: number | undefined;
  stop: string[] | undefined;
}

export interface Embed {
  type: 'embed';
  id: number;
  text: string;
}

export type ToChild = Generate | Embed | { type: 'stop'; id: number };

export type FromChild = { id: number } & (
  | { type: 'text'; text: string }
  | { type: 'vector'; vector: readonly number[] }
  | { type: 'end'; finishReason: EngineEnd['finishReason']; usage: Usage }
  /** `fatal`: the model is not there, and this process is of no use. */
  | { type: 'error'; message: string; fatal: boolean }
);

interface HistoryItem {
  type: 'system' | 'user' | 'model';
  text?: string;
  response?: string[];
}

interface PromptOptions {
  maxTokens?: number;
  temperature?: number;
  customStopTriggers?: string[];
  signal: AbortSignal;
  stopOnAbortSignal: true;
  onTextChunk(text: string): void;
  onToken(tokens: unknown[]): void;
}

/** The little of node-llama-cpp that is used; the package itself is optional, so its types cannot be imported. */
interface Library {
  getLlama(options: { build: 'never'; maxThreads: number }): Promise<{
    loadModel(options: { modelPath: string }): Promise<{
      createContext(): Promise<{ getSequence(): unknown }>;
      createEmbeddingContext(options: {
        contextSize: { max: number };
        batchSize: number;
      }): Promise<{ getEmbeddingFor(text: string): Promise<{ vector: readonly number[] }> }>;
      tokenize(text: string): unknown[];
    }>;
  }>;
  LlamaChatSession: new (options: { contextSequence: unknown }) => {
    setChatHistory(history: HistoryItem[]): void;
    promptWithMeta(text: string, options: PromptOptions): Promise<{ stopReason: string }>;
  };
}

const finishReasons: Record<string, EngineEnd['finishReason']> = {
  eogToken: 'stop',
  stopGenerationTrigger: 'stop',
  customStopTrigger: 'stop',
  maxTokens: 'length',
};

const [, , path = '', library = ''] = process.argv;
const tell = (message: FromChild) => void process.send?.(message);

/** Tokens of a text that is to become a vector: a passage has fewer. Models that read both ways need all in one batch. */
const longestText = 1024;

/** Made when it is first asked for. What cannot be made leaves this process of no use. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () =>
    (made ??= make().catch((error: Error) => {
      throw new Unusable(error.message);
    }));
}
class Unusable extends Error {}

const loaded = once(async () => {
  const { getLlama, LlamaChatSession } = (await import(pathToFileURL(library).href)) as Library;
  // As many threads as small machines have cores make them an order of magnitude slower.
  const llama = await getLlama({ build: 'never', maxThreads: Math.max(1, Math.floor(availableParallelism() / 2)) });
  return { model: await llama.loadModel({ modelPath: path }), LlamaChatSession };
});

const chat = once(async () => {
  const { model, LlamaChatSession } = await loaded();
  const context = await model.createContext();
  return { model, session: new LlamaChatSession({ contextSequence: context.getSequence() }) };
});

const embedding = once(async () => {
  const { model } = await loaded();
  return model.createEmbeddingContext({ contextSize: { max: longestText }, batchSize: longestText });
});

const toHistory = (message: PromptMessage): HistoryItem =>
  message.role === 'assistant'
    ? { type: 'model', response: [message.content] }
    : { type: message.role, text: message.content };

const controllers = new Map<number, AbortController>();
let turn: Promise<void> = Promise.resolve();

async function generate({ id, messages, maxTokens, temperature, stop }: Generate, signal: AbortSignal) {
  const { model, session } = await chat();
  if (signal.aborted) return;
  session.setChatHistory(messages.slice(0, -1).map(toHistory));
  let outputTokens = 0;
  const { stopReason } = await session.promptWithMeta(messages.at(-1)?.content ?? '', {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(stop?.length ? { customStopTriggers: stop } : {}),
    signal,
    stopOnAbortSignal: true,
    onTextChunk: (text) => text && tell({ id, type: 'text', text }),
    onToken: (tokens) => (outputTokens += tokens.length),
  });
  const inputTokens = messages.reduce((sum, m) => sum + model.tokenize(m.content).length, 0);
  const finishReason = finishReasons[stopReason] ?? 'other';
  tell({ id, type: 'end', finishReason, usage: { inputTokens, outputTokens, cachedTokens: null } });
}

async function embed({ id, text }: Embed) {
  const context = await embedding();
  const { vector } = await context.getEmbeddingFor(text);
  tell({ id, type: 'vector', vector });
}

process.on('message', (message: ToChild) => {
  if (message.type === 'stop') return controllers.get(message.id)?.abort();
  const controller = new AbortController();
  controllers.set(message.id, controller);
  // One context: a reply that was stopped has to come to rest before the next begins.
  turn = turn
    .then(() => (message.type === 'embed' ? embed(message) : generate(message, controller.signal)))
    .catch((error: Error) =>
      tell({ id: message.id, type: 'error', message: error.message, fatal: error instanceof Unusable }),
    )
    .finally(() => controllers.delete(message.id));
});
process.on('disconnect', () => process.exit(0));
loaded().catch(() => {});
