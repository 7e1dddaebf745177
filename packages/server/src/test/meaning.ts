import type { EmbeddingReport, KnowledgeBaseDetail, Passage } from '@rapport/protocol/knowledge';
import { expect } from 'vitest';
import type { TestApp } from './app.ts';
import { bases } from './knowledge.ts';

interface Base {
  id: string;
}

/** Which model makes embeddings: one of the first provider. */
export async function chooseModel(app: TestApp, model: string | null) {
  const { body } = await app.json('GET', '/api/v1/providers');
  return app.json('PUT', `/api/v1/providers/${body.items[0].id}/embedding`, { model });
}

export const embeddingsOf = async (app: TestApp, base: Base): Promise<KnowledgeBaseDetail['embeddings']> =>
  (await app.json('GET', `${bases}/${base.id}`)).body.embeddings;

export async function askBase(app: TestApp, base: Base, query: string) {
  const asked = { query, limit: 10, explain: true };
  const { status, body } = await app.json('POST', `${bases}/${base.id}/search`, asked);
  expect(status).toBe(200);
  const { results, embeddings } = body as { results: Passage[]; embeddings: EmbeddingReport };
  return { titles: results.map(({ title }) => title), results, embeddings };
}

/** Until every passage of a base has its embedding, and they are compared in this way. */
export const embedded = (app: TestApp, base: Base, search: EmbeddingReport['search']) =>
  expect
    .poll(
      async () => {
        const state = await embeddingsOf(app, base);
        if (state === null || state.of === 0 || state.made < state.of) return null;
        return (await askBase(app, base, 'x')).embeddings.search;
      },
      { timeout: 30_000 },
    )
    .toBe(search);
