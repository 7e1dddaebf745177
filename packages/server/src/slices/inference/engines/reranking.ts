import { postWhole, type WholeCall } from './answer.ts';
import { EngineError, tokenCount, type Reranked, type RerankRequest } from './engine.ts';

const mostBytes = 2_000_000;

interface Answer {
  results?: unknown;
  usage?: { total_tokens?: unknown } | null;
}

/** Of each document, in their order: how relevant it is, null where the answer does not say. Throws EngineError. */
function scoresIn(results: unknown, count: number): (number | null)[] {
  if (!Array.isArray(results) || results.length === 0 || results.length > count) throw new EngineError('malformed');
  const scores = Array.from({ length: count }, (): number | null => null);
  for (const one of results as { index?: unknown; relevance_score?: unknown; score?: unknown }[]) {
    const index = one.index as number;
    const score = one.relevance_score ?? one.score;
    const fits = Number.isInteger(index) && scores[index] === null;
    if (!fits || typeof score !== 'number' || !Number.isFinite(score)) throw new EngineError('malformed');
    scores[index] = score;
  }
  return scores;
}

/** A list alone, as text-embeddings-inference gives it, or under `results`, as the others do. */
function rerankedIn(answer: unknown, count: number): Reranked {
  const { results, usage } = (Array.isArray(answer) ? { results: answer } : answer) as Answer;
  return { scores: scoresIn(results, count), tokens: tokenCount(usage?.total_tokens) };
}

/**
 * `/rerank` as Jina, Cohere, vLLM and llama.cpp have it; what refuses this request is asked once more, and from then on, in
 * the words of text-embeddings-inference. Throws EngineError.
 */
export function createReranking(call: Omit<WholeCall, 'body' | 'mostBytes'>) {
  let otherWords = false;
  const ask = ({ model, query, documents, ...asked }: RerankRequest, others: boolean): Promise<Reranked> => {
    const body = others
      ? { query, texts: documents, truncate: true }
      : { model, query, documents, top_n: documents.length };
    return postWhole({ ...call, body, mostBytes }, asked, (answer) => rerankedIn(answer, documents.length));
  };
  return async (request: RerankRequest): Promise<Reranked> => {
    const others = otherWords;
    try {
      return await ask(request, others);
    } catch (error) {
      if (others || !(error instanceof EngineError) || error.fault !== 'bad-request') throw error;
      const reranked = await ask(request, true).catch(() => {
        throw error;
      });
      otherWords = true;
      return reranked;
    }
  };
}
