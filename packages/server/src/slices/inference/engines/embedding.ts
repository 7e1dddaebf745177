import type { Outgoing } from '../../../platform/net/outgoing.ts';
import { EngineError, type EmbedRequest } from './engine.ts';
import { faultOf, retryAfterMs, unsent } from './http.ts';
import { retrying, type RetryBudget } from './retry.ts';

/** What a provider is asked at once. */
export const embeddingBatch = 32;
const mostDimensions = 8192;
const mostBytes = 16_000_000;

interface EmbeddingCall {
  outgoing: Outgoing;
  url: string;
  headers?: Record<string, string>;
  body: unknown;
  /** The vectors of an answer, in the order of the texts. */
  vectorsIn(answer: unknown): unknown[];
}

/** Reads no more than a well-behaved provider sends. */
async function readAll(response: Awaited<ReturnType<Outgoing['fetch']>>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > mostBytes) throw new EngineError('malformed');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

async function ask({ outgoing, url, headers, body }: EmbeddingCall, { signal, timeoutMs }: EmbedRequest) {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await outgoing.fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await readAll(response);
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

/** Of length 1, so that the product of two is the cosine of their angle. Throws EngineError for what is no direction. */
function normalised(values: unknown): Float32Array {
  if (!Array.isArray(values) || values.length === 0 || values.length > mostDimensions)
    throw new EngineError('malformed');
  const length = Math.hypot(...(values as number[]));
  if (!values.every((value) => typeof value === 'number') || !Number.isFinite(length) || length === 0) {
    throw new EngineError('malformed');
  }
  return Float32Array.from(values as number[], (value) => value / length);
}

/** Throws EngineError, also for an answer that is not one vector a text, all of one dimension. */
export async function postEmbedding(call: EmbeddingCall, request: EmbedRequest): Promise<Float32Array[]> {
  const text = await ask(call, request);
  let vectors: unknown[];
  try {
    vectors = call.vectorsIn(JSON.parse(text));
  } catch (error) {
    throw new EngineError('malformed', { cause: error });
  }
  if (!Array.isArray(vectors) || vectors.length !== request.texts.length) throw new EngineError('malformed');
  const found = vectors.map(normalised);
  if (found.some((vector) => vector.length !== found[0]?.length)) throw new EngineError('malformed');
  return found;
}

type Embed = (request: EmbedRequest) => Promise<Float32Array[]>;

/** Asks again while the fault may pass and the budget lasts, as for a reply. Throws EngineError. */
export const embedWithRetry = (embed: Embed, request: EmbedRequest, budget: RetryBudget): Promise<Float32Array[]> =>
  retrying(
    () => embed(request),
    (error) => error.retryable,
    request.signal,
    budget,
  );
