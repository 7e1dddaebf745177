import type { Usage } from '@rapport/protocol/inference';

export interface PromptMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
  /** The end of a prefix that stays the same between turns: a hint for providers that cache on request. */
  cache?: boolean;
}

export interface Timeouts {
  /** Milliseconds until the first token, and between two tokens. */
  firstTokenMs: number;
  betweenTokensMs: number;
}

export interface EngineRequest {
  model: string;
  messages: PromptMessage[];
  maxTokens?: number;
  temperature?: number;
  signal: AbortSignal;
  timeouts?: Timeouts;
}

export interface EngineEnd {
  finishReason: 'stop' | 'length' | 'content-filter' | 'other';
  usage: Usage;
}

export interface Engine {
  /**
   * Calls `onText` for each piece of text as it arrives and resolves at the provider's own end of the reply. A stream
   * that ends without a finish reason has failed. Throws EngineError.
   */
  stream(request: EngineRequest, onText: (text: string) => void): Promise<EngineEnd>;
}

export type EngineFault =
  | 'unauthorized'
  | 'rate-limited'
  | 'unavailable'
  | 'refused-connection'
  | 'timeout-first-token'
  | 'stalled'
  | 'cut'
  | 'malformed'
  | 'bad-request'
  | 'not-found'
  | 'context-too-long'
  | 'aborted';

const retryable = new Set<EngineFault>(['rate-limited', 'unavailable', 'refused-connection', 'timeout-first-token', 'cut']);

export class EngineError extends Error {
  readonly fault: EngineFault;
  readonly status: number | undefined;
  /** What the provider asked for in Retry-After. */
  readonly retryAfterMs: number | undefined;

  constructor(fault: EngineFault, more: { status?: number; retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(`the provider failed: ${fault}${more.status ? ` (HTTP ${more.status})` : ''}`, { cause: more.cause });
    this.name = 'EngineError';
    this.fault = fault;
    this.status = more.status;
    this.retryAfterMs = more.retryAfterMs;
  }

  /** Whether another try may help; only the caller knows whether something has been shown already. */
  get retryable(): boolean {
    return retryable.has(this.fault);
  }
}

export const defaultTimeouts: Timeouts = { firstTokenMs: 60_000, betweenTokensMs: 30_000 };
