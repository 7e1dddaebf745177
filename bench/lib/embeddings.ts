import { createOutgoing } from '../../packages/server/src/platform/net/outgoing.ts';
import { embeddingBatch } from '../../packages/server/src/slices/inference/engines/embedding.ts';
import { createOpenAiEngine } from '../../packages/server/src/slices/inference/engines/openai.ts';

/** An OpenAI-compatible one; `url` up to and with `/v1`. */
export interface Provider {
  url: string;
  model: string;
}

/** A vector of length 1 for each text, as the product asks for it. */
export async function embedAll({ url, model }: Provider, texts: string[]): Promise<Map<string, Float32Array>> {
  const outgoing = createOutgoing({ loopback: true, exceptions: [new URL(url).host] });
  const engine = createOpenAiEngine({ baseUrl: url, apiKey: null, outgoing });
  if (!engine.embed) throw new Error('the engine makes no vectors');
  const distinct = [...new Set(texts)];
  const vectors = new Map<string, Float32Array>();
  const { signal } = new AbortController();
  for (let i = 0; i < distinct.length; i += embeddingBatch) {
    const batch = distinct.slice(i, i + embeddingBatch);
    const { vectors: found } = await engine.embed({ model, texts: batch, signal, timeoutMs: 120_000 });
    for (const [at, text] of batch.entries()) vectors.set(text, found[at] ?? new Float32Array());
  }
  await outgoing.close();
  return vectors;
}
