import { availableParallelism } from 'node:os';
import type { Usage } from '@rapport/protocol/inference';
import type { EngineEnd, PromptMessage } from './engine.ts';

export type ToChild =
  | { type: 'generate'; messages: PromptMessage[]; maxTokens: number | undefined; temperature: number | undefined }
  | { type: 'stop' };

export type FromChild =
  | { type: 'text'; text: string }
  | { type: 'end'; finishReason: EngineEnd['finishReason']; usage: Usage }
  | { type: 'error'; message: string };

interface HistoryItem {
  type: 'system' | 'user' | 'model';
  text?: string;
  response?: string[];
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
    prompt(
      text: string,
      options: { maxTokens?: number; temperature?: number; signal: AbortSignal; stopOnAbortSignal: true; onTextChunk(text: string): void },
    ): Promise<string>;
  };
}

const path = process.argv[2] ?? '';
const name = 'node-llama-cpp';
const tell = (message: FromChild) => void process.send?.(message);

async function load() {
  const { getLlama, LlamaChatSession } = (await import(name)) as Library;
  // More threads than cores make small machines an order of magnitude slower.
  const llama = await getLlama({ build: 'never', maxThreads: Math.max(1, Math.floor(availableParallelism() / 2)) });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext();
  return { model, session: new LlamaChatSession({ contextSequence: context.getSequence() }) };
}

const loaded = load();
let stop = new AbortController();

const toHistory = (message: PromptMessage): HistoryItem =>
  message.role === 'assistant'
    ? { type: 'model', response: [message.content] }
    : { type: message.role, text: message.content };

async function generate(request: Extract<ToChild, { type: 'generate' }>) {
  stop = new AbortController();
  const { model, session } = await loaded;
  const last = request.messages.at(-1);
  session.setChatHistory(request.messages.slice(0, -1).map(toHistory));
  const text = await session.prompt(last?.content ?? '', {
    ...(request.maxTokens === undefined ? {} : { maxTokens: request.maxTokens }),
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    signal: stop.signal,
    stopOnAbortSignal: true,
    onTextChunk: (piece) => tell({ type: 'text', text: piece }),
  });
  const inputTokens = request.messages.reduce((sum, m) => sum + model.tokenize(m.content).length, 0);
  const outputTokens = model.tokenize(text).length;
  const finishReason = request.maxTokens !== undefined && outputTokens >= request.maxTokens ? 'length' : 'stop';
  tell({ type: 'end', finishReason, usage: { inputTokens, outputTokens, cachedTokens: null } });
}

process.on('message', (message: ToChild) => {
  if (message.type === 'stop') stop.abort();
  else generate(message).catch((error: Error) => tell({ type: 'error', message: error.message }));
});
process.on('disconnect', () => process.exit(0));
loaded.catch((error: Error) => {
  tell({ type: 'error', message: error.message });
});
