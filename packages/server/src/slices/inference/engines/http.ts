import type { Readable } from 'node:stream';
import { Pool, type Dispatcher } from 'undici';
import { defaultTimeouts, EngineError, type EngineFault, type EngineRequest } from './engine.ts';

/** A connection per running reply; undici's own timeouts are off because ours say what happened. */
const pools = new Map<string, Pool>();
const poolFor = (origin: string): Pool => {
  let pool = pools.get(origin);
  if (!pool) {
    pool = new Pool(origin, { connections: 1024, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, connectTimeout: 10_000 });
    pools.set(origin, pool);
  }
  return pool;
};

const maxErrorBody = 4096;

async function faultOf(status: number, body: Readable): Promise<EngineFault> {
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'unavailable';
  if (status === 404) return 'not-found';
  let text = '';
  for await (const chunk of body) {
    text += String(chunk);
    if (text.length > maxErrorBody) break;
  }
  return /context.{0,20}(length|window)|too long|maximum.{0,20}tokens/i.test(text) ? 'context-too-long' : 'bad-request';
}

function retryAfterMs(headers: Dispatcher.ResponseData['headers']): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

interface Watch {
  /** Something arrived. Pass whether it was text. */
  alive(text: boolean): void;
  fault(): EngineFault | null;
  stop(): void;
}

/** One timer a reply: it looks at the clock instead of being set anew with every token. */
function watch(request: EngineRequest, abort: () => void): Watch {
  const { firstTokenMs, betweenTokensMs } = request.timeouts ?? defaultTimeouts;
  let seen = false;
  let at = performance.now();
  let fault: EngineFault | null = null;
  const period = Math.max(10, Math.min(firstTokenMs, betweenTokensMs) / 8);
  const timer = setInterval(() => {
    if (performance.now() - at < (seen ? betweenTokensMs : firstTokenMs)) return;
    fault = seen ? 'stalled' : 'timeout-first-token';
    abort();
  }, period);
  return {
    alive(text) {
      if (text) seen = true;
      if (seen) at = performance.now();
    },
    fault: () => fault,
    stop: () => clearInterval(timer),
  };
}

export interface StreamCall {
  url: string;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * Posts and gives the answer's bytes to `onChunk`, which returns whether it found text in them. Resolves at the end of the
 * body, whatever it held. Throws EngineError.
 */
export async function postStream(call: StreamCall, request: EngineRequest, onChunk: (chunk: Buffer) => boolean): Promise<void> {
  const url = new URL(call.url);
  const controller = new AbortController();
  const signal = AbortSignal.any([request.signal, controller.signal]);
  const watcher = watch(request, () => controller.abort());
  let started = false;
  try {
    const response = await poolFor(url.origin).request({
      path: url.pathname + url.search,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...call.headers },
      body: JSON.stringify(call.body),
      signal,
    });
    // A body given up early still reports its end; without a listener that would end the process.
    response.body.on('error', () => {});
    if (response.statusCode !== 200) {
      const fault = await faultOf(response.statusCode, response.body);
      response.body.destroy();
      throw new EngineError(fault, { status: response.statusCode, retryAfterMs: retryAfterMs(response.headers) });
    }
    started = true;
    for await (const chunk of response.body) watcher.alive(onChunk(chunk as Buffer));
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (request.signal.aborted) throw new EngineError('aborted', { cause: error });
    throw new EngineError(watcher.fault() ?? (started ? 'cut' : 'refused-connection'), { cause: error });
  } finally {
    watcher.stop();
  }
}

/** Ends the kept connections, so that a process can end. */
export async function closePools(): Promise<void> {
  await Promise.all([...pools.values()].map((pool) => pool.destroy()));
  pools.clear();
}
