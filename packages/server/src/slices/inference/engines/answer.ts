import type { Outgoing } from '../../../platform/net/outgoing.ts';
import { EngineError } from './engine.ts';
import { faultOf, retryAfterMs, unsent } from './http.ts';

export interface WholeCall {
  outgoing: Outgoing;
  url: string;
  headers?: Record<string, string> | undefined;
  body: unknown;
  /** More than a well-behaved provider sends. */
  mostBytes: number;
}

async function readAll(response: Awaited<ReturnType<Outgoing['fetch']>>, mostBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > mostBytes) throw new EngineError('malformed');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function textOf(
  { outgoing, url, headers, body, mostBytes }: WholeCall,
  { signal, timeoutMs }: { signal: AbortSignal; timeoutMs: number },
): Promise<string> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await outgoing.fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await readAll(response, mostBytes);
    if (response.status === 200) return text;
    const retryAfter = retryAfterMs(response.headers.get('retry-after'));
    throw new EngineError(faultOf(response.status, text), { status: response.status, retryAfterMs: retryAfter });
  } catch (error) {
    if (error instanceof EngineError) throw error;
    if (signal.aborted) throw new EngineError('aborted', { cause: signal.reason });
    if (late.aborted) throw new EngineError('timeout-first-token', { cause: error });
    const cause = (error as Error).cause ?? error;
    throw new EngineError(unsent(cause), { cause });
  }
}

/** What a provider answers as a whole, in JSON, as far as `read` understands it. Throws EngineError. */
export async function postWhole<T>(
  call: WholeCall,
  asked: { signal: AbortSignal; timeoutMs: number },
  read: (answer: unknown) => T,
): Promise<T> {
  const text = await textOf(call, asked);
  try {
    return read(JSON.parse(text));
  } catch (error) {
    throw error instanceof EngineError ? error : new EngineError('malformed', { cause: error });
  }
}
