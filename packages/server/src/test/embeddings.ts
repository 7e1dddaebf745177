import type { ServerResponse } from 'node:http';

/** Words that mean the same stand in one row. */
const concepts = [
  ['car', 'automobile', 'vehicle'],
  ['doctor', 'physician', 'clinician'],
  ['sleep', 'slumber', 'insomnia'],
  ['refund', 'reimbursement', 'repayment'],
  ['dog', 'hound', 'puppy'],
];

/** A direction for each concept, and a last one for whatever else is said; `dimensions` at least one more than there are concepts. */
function vectorOf(text: string, dimensions: number): number[] {
  const vector = Array.from({ length: dimensions }, () => 0);
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    const at = concepts.findIndex((row) => row.includes(word));
    if (at >= 0) vector[at] = (vector[at] ?? 0) + 1;
  }
  vector[dimensions - 1] = 0.2;
  return vector;
}

/** What `counted` says it used. */
export const tokensEach = 10;

/** Vectors as `/v1/embeddings` of OpenAI gives them, in an order that is not that of the texts. */
const openAi = (vectors: unknown[], model: string) => ({
  object: 'list',
  model,
  data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })).reverse(),
});
const ollama = (embeddings: unknown[], model: string) => ({ model, embeddings });

/** What is answered in place of good vectors. */
const garbage: Record<string, (vectors: number[][]) => unknown[]> = {
  'embed-text': (vectors) => vectors.map(() => 'not a vector'),
  'embed-null': (vectors) => vectors.map((vector) => vector.map(() => null)),
  'embed-zero': (vectors) => vectors.map((vector) => vector.map(() => 0)),
  'embed-fewer': (vectors) => vectors.slice(1),
  'embed-uneven': (vectors) => vectors.map((vector, i) => (i === 0 ? [...vector, 1] : vector)),
  'embed-wide': (vectors) => vectors.map((vector) => [...vector, ...vector]),
};

interface Asked {
  model?: string;
  input?: string[];
}

/**
 * Embeddings from a small fixed table of concepts: `automobile` stands where `car` does. `concepts@12` is a model of 12
 * dimensions. A text with `[play embed-…]` is answered with garbage; one of more than 400 characters is refused by `short`; `counted` tells how
 * many tokens it used.
 */
export function answerEmbedding(response: ServerResponse, path: string, body: Asked) {
  const [model = 'concepts', dimensions = '8'] = String(body.model).split('@');
  const texts = body.input ?? [];
  if (model === 'short' && texts.some((text) => text.length > 400)) {
    response.writeHead(400);
    return response.end(JSON.stringify({ error: { message: 'maximum context length is 100 tokens' } }));
  }
  const vectors = texts.map((text) => vectorOf(text, Number(dimensions)));
  const act = /\[play (embed-\w+)\]/.exec(texts.join('\n'))?.[1] ?? '';
  const played = garbage[act]?.(vectors) ?? vectors;
  const form = path.endsWith('/api/embed') ? ollama : openAi;
  const tokens = tokensEach * texts.length;
  const used = { usage: { prompt_tokens: tokens, total_tokens: tokens }, prompt_eval_count: tokens };
  return response.end(JSON.stringify({ ...form(played, model), ...(model === 'counted' ? used : {}) }));
}
