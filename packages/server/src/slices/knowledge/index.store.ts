import type { Tx } from '../../platform/db/db.ts';
import { chunkPlace } from './schema.ts';

export interface NewChunk {
  id: string;
  ordinal: number;
  headingPath: string[];
  start: number;
  end: number;
  text: string;
  frequencies: Map<string, number>;
  termCount: number;
}

/** Replaces what the document was found by. */
export async function replaceIndex(
  tx: Tx,
  orgId: string,
  baseId: string,
  documentId: string,
  chunks: NewChunk[],
): Promise<void> {
  await dropIndex(tx, orgId, documentId);
  await insertChunks(tx, orgId, documentId, chunks);
  await insertPostings(tx, orgId, baseId, chunks);
  const terms = chunks.reduce((sum, c) => sum + c.termCount, 0);
  await countIndexed(tx, orgId, documentId, chunks.length, terms);
}

/** The postings go with the chunks. */
export async function dropIndex(tx: Tx, orgId: string, documentId: string): Promise<void> {
  await tx.exec(`delete from chunk where org_id = $1 and document_id = $2`, [orgId, documentId]);
  await countIndexed(tx, orgId, documentId, 0, 0);
}

const countIndexed = (tx: Tx, orgId: string, documentId: string, chunks: number, terms: number): Promise<number> =>
  tx.exec(`update document set chunk_count = $3, term_count = $4 where org_id = $1 and id = $2`, [
    orgId,
    documentId,
    chunks,
    terms,
  ]);

async function insertChunks(tx: Tx, orgId: string, documentId: string, chunks: NewChunk[]): Promise<void> {
  const sealed = await Promise.all(chunks.map((c) => tx.codec.seal(chunkPlace(orgId, c.id), c.text)));
  await tx.exec(
    `insert into chunk (org_id, id, document_id, ordinal, heading_path, start_offset, end_offset, body)
     select $1, x.id, $2, x.ordinal, array(select jsonb_array_elements_text(x.path)), x.start_at, x.end_at, x.body
     from unnest($3::uuid[], $4::int[], $5::jsonb[], $6::int[], $7::int[], $8::bytea[])
       as x(id, ordinal, path, start_at, end_at, body)`,
    [
      orgId,
      documentId,
      chunks.map((c) => c.id),
      chunks.map((c) => c.ordinal),
      chunks.map((c) => JSON.stringify(c.headingPath)),
      chunks.map((c) => c.start),
      chunks.map((c) => c.end),
      sealed,
    ],
  );
}

async function insertPostings(tx: Tx, orgId: string, baseId: string, chunks: NewChunk[]): Promise<void> {
  const postings = chunks.flatMap((c) =>
    [...c.frequencies].map(([term, count]) => ({ term, chunkId: c.id, count, terms: c.termCount })),
  );
  await tx.exec(
    `insert into posting (org_id, knowledge_base_id, term, chunk_id, frequency, chunk_terms)
     select $1, $2, x.term, x.chunk_id, x.frequency, x.terms
     from unnest($3::text[], $4::uuid[], $5::real[], $6::int[]) as x(term, chunk_id, frequency, terms)`,
    [
      orgId,
      baseId,
      postings.map((p) => p.term),
      postings.map((p) => p.chunkId),
      postings.map((p) => p.count),
      postings.map((p) => p.terms),
    ],
  );
}
