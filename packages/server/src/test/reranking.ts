import type { ServerResponse } from 'node:http';

interface Asked {
  model?: string;
  query?: string;
  documents?: string[];
  texts?: string[];
}

interface Scored {
  index: number;
  score: number;
}

/** A document is as relevant as it says itself: `[rank 7]`. */
const relevanceOf = (text: string): number => Number(/\[rank (-?\d+)\]/.exec(text)?.[1] ?? 0);

const bestFirst = (texts: string[]): Scored[] =>
  texts.map((text, index) => ({ index, score: relevanceOf(text) })).sort((a, b) => b.score - a.score);

/** What is answered in place of good scores. */
const garbage: Record<string, (scored: Scored[]) => unknown> = {
  'rerank-double': ([first, ...rest]) => [first, first, ...rest.slice(1)],
  'rerank-beyond': (scored) => scored.map(({ index, score }) => ({ index: index + 1, score })),
  'rerank-negative': (scored) => scored.map(({ index, score }) => ({ index: index - 1, score })),
  'rerank-half': (scored) => scored.map(({ index, score }) => ({ index: index + 0.5, score })),
  'rerank-nan': (scored) => scored.map(({ index }) => ({ index, score: 'NaN' })),
  'rerank-null': (scored) => scored.map(() => null),
  'rerank-more': (scored) => [...scored, { index: scored.length, score: 99 }],
  'rerank-empty': () => [],
  'rerank-text': () => 'nothing of the kind',
};

/**
 * Ranks as `/v1/rerank` of Jina and others does, by what each document says of itself. The model `tei` speaks as
 * text-embeddings-inference: it refuses any other request, and answers a list alone. A question with `[play rerank-…]` is
 * answered with garbage, with `rerank-fewer` for two documents alone, with `rerank-long` beyond all measure, with
 * `rerank-stalled` by the beginning of an answer.
 */
export function answerReranking(response: ServerResponse, { model = '', query = '', documents, texts }: Asked) {
  const given = model === 'tei' ? undefined : documents;
  if (!given && !texts) {
    response.writeHead(422);
    return response.end('Failed to deserialize the JSON body into the target type: missing field `texts`');
  }
  const act = /\[play (rerank-\w+)\]/.exec(query)?.[1] ?? '';
  if (act === 'rerank-stalled') return response.write('{"results":[');
  if (act === 'rerank-long') return response.end(JSON.stringify({ results: [], filler: 'x'.repeat(3_000_000) }));
  const scored = bestFirst(given ?? texts ?? []);
  if (!given) return response.end(JSON.stringify(scored));
  const named = scored.map(({ index, score }) => ({ index, relevance_score: score, document: { text: given[index] } }));
  const played = act === 'rerank-fewer' ? named.slice(0, 2) : (garbage[act]?.(scored) ?? named);
  return response.end(JSON.stringify({ model, results: played, usage: { total_tokens: 1000 } }));
}
