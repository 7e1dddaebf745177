import type { Usage } from '@rapport/protocol/inference';

export type { Usage };

export interface PromptMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
  /** The end of a prefix that stays the same between turns: a hint for providers that cache on request. */
  cache?: boolean;
}

export interface Timeouts {
  /** Milliseconds until the first token, and between two tokens. A model that shows that it is thinking is not late. */
  firstTokenMs: number;
  betweenTokensMs: number;
}

export interface EngineRequest {
  model: string;
  messages: PromptMessage[];
  maxTokens?: number;
  temperature?: number;
  /** Texts that end the reply; they are not part of it. */
  stop?: string[];
  signal: AbortSignal;
  timeouts?: Timeouts;
}

export interface EngineEnd {
  finishReason: 'stop' | 'length' | 'content-filter' | 'other';
  /** null where the provider did not tell. */
  usage: Usage;
  /** The model that answered, as the provider names it: an alias may stand for another one every month. */
  model: string;
}

export interface EmbedRequest {
  model: string;
  texts: string[];
  signal: AbortSignal;
  /** Milliseconds until the whole answer is there. */
  timeoutMs: number;
}

export interface Embedded {
  /** One of length 1 a text, in their order, all of one dimension. */
  vectors: Float32Array[];
  /** What it used; null where the provider does not tell. */
  tokens: number | null;
}

export interface RerankRequest {
  model: string;
  query: string;
  documents: string[];
  signal: AbortSignal;
  /** Milliseconds until the whole answer is there. */
  timeoutMs: number;
}

export interface Reranked {
  /** In the order of the documents; null for one that was given no score. The more relevant, the higher. */
  scores: (number | null)[];
  /** null where the provider did not tell. */
  tokens: number | null;
}

export interface Engine {
  /**
   * Calls `onText` synchronously for each piece of text, never with an empty one, and resolves at the provider's own end
   * of the reply. A stream that ends without a finish reason has failed. Throws EngineError.
   */
  stream(request: EngineRequest, onText: (text: string) => void): Promise<EngineEnd>;
  /** The vectors of texts. Absent: it makes none. Throws EngineError. */
  embed?(request: EmbedRequest): Promise<Embedded>;
  /** How relevant documents are to a question. Absent: it does not rank. Throws EngineError. */
  rerank?(request: RerankRequest): Promise<Reranked>;
  /** A late first token means work that a second try would begin anew, not a call that hangs. */
  readonly patient?: boolean;
  /** Gives back what it holds, e.g. a model in memory. */
  close?(): void;
}

export type EngineFault =
  | 'unauthorized'
  | 'rate-limited'
  | 'unavailable'
  | 'refused-connection'
  /** It lies in a private network that the operator has not excepted. */
  | 'refused-address'
  /** It sends elsewhere, where nothing of ours goes. */
  | 'redirected'
  | 'timeout-first-token'
  | 'stalled'
  | 'cut'
  | 'malformed'
  | 'bad-request'
  | 'not-found'
  | 'context-too-long'
  /** What runs a model from a file is missing on this server. */
  | 'not-installed'
  /** The organisation has not approved the provider for what clients say; it was not asked. */
  | 'not-approved'
  | 'aborted';

const retryable = new Set<EngineFault>([
  'rate-limited',
  'unavailable',
  'refused-connection',
  'timeout-first-token',
  'cut',
]);

export class EngineError extends Error {
  readonly fault: EngineFault;
  readonly status: number | undefined;
  /** Milliseconds, as the provider asked for in Retry-After. */
  readonly retryAfterMs: number | undefined;
  /** Whether text was given out before the fault. */
  shown = false;

  constructor(fault: EngineFault, more: { status?: number; retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(`the provider failed: ${fault}${more.status ? ` (HTTP ${more.status})` : ''}`, { cause: more.cause });
    this.name = 'EngineError';
    this.fault = fault;
    this.status = more.status;
    this.retryAfterMs = more.retryAfterMs;
  }

  /** Whether another try may help: the fault may pass, and nobody has seen a beginning that the next try would repeat. */
  get retryable(): boolean {
    return !this.shown && retryable.has(this.fault);
  }
}

export const defaultTimeouts: Timeouts = { firstTokenMs: 60_000, betweenTokensMs: 30_000 };

/** A provider's count of tokens; null for what is none. */
export const tokenCount = (value: unknown): number | null =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : null;
