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

export type ToChild = Generate | { type: 'stop'; id: number };

export type FromChild = { id: number } & (
  | { type: 'text'; text: string }
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

async function load() {
  const { getLlama, LlamaChatSession } = (await import(pathToFileURL(library).href)) as Library;
  // As many threads as small machines have cores make them an order of magnitude slower.
  const llama = await getLlama({ build: 'never', maxThreads: Math.max(1, Math.floor(availableParallelism() / 2)) });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext();
  return { model, session: new LlamaChatSession({ contextSequence: context.getSequence() }) };
}

const toHistory = (message: PromptMessage): HistoryItem =>
  message.role === 'assistant'
    ? { type: 'model', response: [message.content] }
    : { type: message.role, text: message.content };

const loaded = load();
const controllers = new Map<number, AbortController>();
let turn: Promise<void> = Promise.resolve();
let ready = false;

async function generate({ id, messages, maxTokens, temperature, stop }: Generate, signal: AbortSignal) {
  const { model, session } = await loaded;
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

process.on('message', (message: ToChild) => {
  if (message.type === 'stop') return controllers.get(message.id)?.abort();
  const controller = new AbortController();
  controllers.set(message.id, controller);
  // One context: a reply that was stopped has to come to rest before the next begins.
  turn = turn
    .then(() => generate(message, controller.signal))
    .catch((error: Error) => tell({ id: message.id, type: 'error', message: error.message, fatal: !ready }))
    .finally(() => controllers.delete(message.id));
});
process.on('disconnect', () => process.exit(0));
loaded.then(
  () => (ready = true),
  () => {},
);
