import { postWhole, type WholeCall } from './answer.ts';
import { EngineError, tokenCount, type Embedded, type EmbedRequest } from './engine.ts';
import { retrying, type RetryBudget } from './retry.ts';

/** What a provider is asked at once. */
export const embeddingBatch = 32;
const mostDimensions = 8192;
const mostBytes = 16_000_000;

interface EmbeddingCall extends Omit<WholeCall, 'mostBytes'> {
  /** The vectors of an answer, in the order of the texts. */
  vectorsIn(answer: unknown): unknown;
  tokensIn(answer: unknown): unknown;
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

/** Throws EngineError for what is not one vector a text, all of one dimension. */
export function vectorsOf(vectors: unknown, count: number): Float32Array[] {
  if (!Array.isArray(vectors) || vectors.length !== count) throw new EngineError('malformed');
  const found = vectors.map(normalised);
  if (found.some((vector) => vector.length !== found[0]?.length)) throw new EngineError('malformed');
  return found;
}

/** Throws EngineError. */
export const postEmbedding = (
  { vectorsIn, tokensIn, ...call }: EmbeddingCall,
  request: EmbedRequest,
): Promise<Embedded> =>
  postWhole({ ...call, mostBytes }, request, (answer) => ({
    vectors: vectorsOf(vectorsIn(answer), request.texts.length),
    tokens: tokenCount(tokensIn(answer)),
  }));

type Embed = (request: EmbedRequest) => Promise<Embedded>;

/** Asks again while the fault may pass and the budget lasts, as for a reply. Throws EngineError. */
export const embedWithRetry = (embed: Embed, request: EmbedRequest, budget: RetryBudget): Promise<Embedded> =>
  retrying(
    () => embed(request),
    (error) => error.retryable,
    request.signal,
    budget,
  );
