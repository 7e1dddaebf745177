import type pg from 'pg';
import type { Database } from '../../packages/server/src/platform/db/db.ts';
import type { Placed } from './fusions.ts';

const most = 100;

export interface PassageVector {
  id: string;
  document: string;
  vector: Float32Array;
}

interface Block {
  id: string;
  org_id: string;
  vectors: Buffer;
  document: string;
  passages: string[];
}

/** Of every passage of a base, as the server stored it. */
export async function readVectors(client: pg.Client, db: Database, base: string): Promise<PassageVector[]> {
  const { rows } = await client.query<Block>(
    `select v.id, v.org_id, v.vectors, p.document_id as document,
       array(select c.id from chunk c where c.org_id = p.org_id and c.document_id = p.document_id
         and c.ordinal >= p.first_ordinal and c.ordinal < p.first_ordinal + p.chunks order by c.ordinal) as passages
     from chunk_vectors v join index_part p using (org_id, knowledge_base_id, segment, first_slot)
     where v.knowledge_base_id = $1`,
    [base],
  );
  const all: PassageVector[] = [];
  for (const { id, org_id: orgId, vectors, document, passages } of rows) {
    const place = { orgId, table: 'chunk_vectors', column: 'vectors', rowId: id };
    const joined = new Float32Array(new Uint8Array(await db.in(orgId).codec.openBytes(place, vectors)).buffer);
    const dimensions = joined.length / passages.length;
    for (const [i, passage] of passages.entries()) {
      all.push({ id: passage, document, vector: joined.slice(i * dimensions, (i + 1) * dimensions) });
    }
  }
  return all;
}

/** What an OpenAI-compatible provider makes of a question. */
export async function vectorOf(url: string, model: string, question: string): Promise<number[]> {
  const response = await fetch(`${url}/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: [question] }),
  });
  const { data } = (await response.json()) as { data: { embedding: number[] }[] };
  return data[0]?.embedding ?? [];
}

/** The nearest by the cosine, as the server looks for them. */
export function nearest(passages: PassageVector[], question: number[]): Placed[] {
  const length = Math.hypot(...question);
  const cosine = (vector: Float32Array) => vector.reduce((sum, x, i) => sum + x * (question[i] ?? 0), 0) / length;
  return passages
    .map(({ id, document, vector }) => ({ id, document, score: cosine(vector) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, most);
}
