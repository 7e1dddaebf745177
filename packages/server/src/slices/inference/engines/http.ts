import type { Dispatcher } from 'undici';
import { OutgoingRefused, type Outgoing } from '../../../platform/net/outgoing.ts';
import { defaultTimeouts, EngineError, type EngineFault, type EngineRequest } from './engine.ts';

const maxErrorBody = 4096;
/** How long a connection may take to close after the reply's own end, to be used again. */
const drainMs = 1000;

type Headers = Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2];

export function faultOf(status: number, body: string): EngineFault {
  if (status >= 300 && status < 400) return 'redirected';
  if (status === 401 || status === 403) return 'unauthorized';
  if (status === 429) return 'rate-limited';
  if (status >= 500 || status === 408) return 'unavailable';
  if (status === 404) return 'not-found';
  if (status === 413) return 'context-too-long';
  return /context.{0,20}(length|window|size)|too long|maximum.{0,20}tokens/i.test(body)
    ? 'context-too-long'
    : 'bad-request';
}

export function retryAfterMs(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const ms = /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

/** A web page or a whole answer where a stream was asked for: something else lives at this address. */
const isStream = (headers: Headers): boolean =>
  !/text\/html|application\/json/.test(String(headers['content-type'] ?? ''));

export interface StreamCall {
  outgoing: Outgoing;
  url: string;
  headers: Record<string, string>;
  body: unknown;
}

export interface HttpEngineSettings {
  baseUrl: string;
  apiKey: string | null;
  outgoing: Outgoing;
}

/** What a driver has understood so far. The driver counts; the watchdog and the end of the call look on. */
export interface Progress {
  /** Pieces of text given out. */
  texts: number;
  /** Signs of work other than text, e.g. of thinking. A keep-alive is none. */
  signs: number;
  /** The provider told why the reply ended: the text is whole, whatever befalls the connection now. */
  finished: boolean;
  /** Nothing more comes. */
  ended: boolean;
}

export const newProgress = (): Progress => ({ texts: 0, signs: 0, finished: false, ended: false });

/** A driver's reader of one reply. Both methods throw EngineError for what is no part of the protocol. */
export interface StreamReader {
  progress: Progress;
  push(chunk: Buffer): void;
  end(): void;
}

/**
 * Posts, and gives the answer's bytes to the reader in the call in which they arrive. Resolves when the reader has finished.
 * Throws EngineError, and what a consumer of the text throws.
 */
export function postStream(call: StreamCall, request: EngineRequest, reader: StreamReader) {
  const { progress } = reader;
  return new Promise<void>((resolve, reject) => {
    let connection: Dispatcher.DispatchController | null = null;
    let settled = false;
    const answer = { status: 0, retryAfterMs: undefined as number | undefined, refusal: '' };

    const settle = (error: unknown) => {
      if (settled) return;
      settled = true;
      stopWatch();
      request.signal.removeEventListener('abort', onAbort);
      if (error === null) {
        if (connection) drain(connection);
        return resolve();
      }
      if (error instanceof EngineError) error.shown = progress.texts > 0;
      connection?.abort(error as Error);
      reject(error as Error);
    };
    const fail = (fault: EngineFault, cause?: unknown) => settle(new EngineError(fault, { cause }));
    /** What is known counts more than how it went on: a finished reply is whole, a refusal a refusal. */
    const broken = (fault: EngineFault, cause?: unknown) => {
      if (progress.finished) settle(null);
      else if (answer.status === 0 || answer.status === 200) fail(fault, cause);
      else settle(new EngineError(faultOf(answer.status, answer.refusal), answer));
    };
    const read = (chunk: Buffer | null) => {
      try {
        if (chunk) reader.push(chunk);
        else reader.end();
      } catch (error) {
        // Half an event behind the last whole one is what a broken connection leaves.
        if (chunk || !(error instanceof EngineError)) settle(error);
      }
    };
    const onAbort = () => fail('aborted', request.signal.reason);
    const stopWatch = watch(request, progress, broken);
    request.signal.addEventListener('abort', onAbort, { once: true });
    if (request.signal.aborted) return onAbort();

    dispatch(call, {
      onRequestStart(controller) {
        connection = controller;
        if (settled) controller.abort(new EngineError('aborted'));
      },
      onResponseStart(_, status, headers) {
        answer.status = status;
        answer.retryAfterMs = retryAfterMs(headers['retry-after']);
        if (status === 200 && !isStream(headers)) fail('malformed');
      },
      onResponseData(_, chunk) {
        if (settled) return;
        if (answer.status === 200) read(chunk);
        else answer.refusal += chunk.toString();
        if (progress.ended) settle(null);
        else if (answer.refusal.length > maxErrorBody) broken('cut');
      },
      onResponseEnd() {
        if (!settled && answer.status === 200) read(null);
        broken('cut');
      },
      onResponseError(_, error) {
        broken(answer.status === 200 ? 'cut' : unsent(error), error);
      },
    });
  });
}

export function unsent(error: unknown): EngineFault {
  if (error instanceof OutgoingRefused) return 'refused-address';
  // Only a key can be worded so that it fits into no header.
  return (error as { code?: string }).code === 'UND_ERR_INVALID_ARG' ? 'unauthorized' : 'refused-connection';
}

function dispatch(
  call: StreamCall,
  handler: Required<Pick<Dispatcher.DispatchHandler, 'onResponseError'>> & Dispatcher.DispatchHandler,
) {
  try {
    const url = new URL(call.url);
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream', ...call.headers };
    const path = url.pathname + url.search;
    const body = JSON.stringify(call.body);
    call.outgoing.dispatch({ origin: url.origin, path, method: 'POST', headers, body }, handler);
  } catch (error) {
    handler.onResponseError({} as Dispatcher.DispatchController, error as Error);
  }
}

/**
 * One timer a reply, which counts its own ticks: neither set anew with every token, nor misled by a clock that went on
 * while this process stood still. Returns how to stop it.
 */
function watch(request: EngineRequest, progress: Progress, late: (fault: EngineFault) => void): () => void {
  const { firstTokenMs, betweenTokensMs } = request.timeouts ?? defaultTimeouts;
  const period = Math.max(10, Math.min(firstTokenMs, betweenTokensMs) / 8);
  let seen = 0;
  let idle = 0;
  const timer = setInterval(() => {
    const now = progress.texts + progress.signs;
    idle = now > seen ? 0 : idle + period;
    seen = now;
    if (idle < (seen > 0 ? betweenTokensMs : firstTokenMs)) return;
    late(progress.texts > 0 ? 'stalled' : 'timeout-first-token');
  }, period);
  return () => clearInterval(timer);
}

function drain(controller: Dispatcher.DispatchController) {
  setTimeout(() => controller.abort(new EngineError('aborted')), drainMs).unref();
}
