import type { Db, Tx } from '../../../platform/db/db.ts';
import type { Bases } from '../readers.ts';
import { chunkPlace, readWhole } from '../schema.ts';
import { copyBlock, isIndexed, lockStamps } from './nearby/nearby.store.ts';

const vectorsPlace = (orgId: string, rowId: string) => ({ orgId, table: 'chunk_vectors', column: 'vectors', rowId });

/** A part of the index, whose chunks have no vectors of a space yet. */
export interface Part {
  baseId: string;
  segment: number;
  firstSlot: number;
  documentId: string;
  firstOrdinal: number;
  chunks: number;
  /** Of a version that is not searched yet. */
  waiting: boolean;
  title: string;
}

/** What must not be found is left out; a version that waits is found by its evaluations. */
const without = `
  select p.knowledge_base_id as "baseId", p.segment, p.first_slot as "firstSlot", p.document_id as "documentId",
    p.first_ordinal as "firstOrdinal", p.chunks, p.waiting, d.title
  from index_part p join document d on d.org_id = p.org_id and d.id = p.document_id and d.searchable
  where p.org_id = $1 and (p.vector_space is null or p.vector_space < $2 or p.vector_space > $2)`;

export const anyWaits = async (db: Db, orgId: string, space: string): Promise<boolean> =>
  (await db.one<{ waits: boolean }>(`select exists (${without}) as waits`, [orgId, space])).waits;

/** Parts without vectors of this space that have not failed yet, in no order: a sort of all would cost each time. */
export const freshParts = (db: Db, orgId: string, space: string, most: number): Promise<Part[]> =>
  db.many<Part>(`${without} and p.vector_failures = 0 limit $3`, [orgId, space, most]);

/** The one that failed least often. */
export const failedPart = (db: Db, orgId: string, space: string): Promise<Part[]> =>
  db.many<Part>(`${without} and p.vector_failures > 0 order by p.vector_failures limit 1`, [orgId, space]);

/** Their next turn comes after that of the others. */
export const markTried = (db: Db, orgId: string, parts: Part[]): Promise<number> =>
  db.exec(
    `update index_part p set vector_failures = vector_failures + 1
     from unnest($2::uuid[], $3::int[], $4::int[]) as x(base, segment, slot)
     where p.org_id = $1 and p.knowledge_base_id = x.base and p.segment = x.segment and p.first_slot = x.slot`,
    [orgId, parts.map((p) => p.baseId), parts.map((p) => p.segment), parts.map((p) => p.firstSlot)],
  );

export interface PartText {
  /** Of the first chunk: another one stands there once the document was indexed anew. */
  chunkId: string;
  texts: string[];
}

/** What a part says, chunk by chunk with its title and headings; undefined where it went meanwhile. */
export async function textsOf(db: Db, orgId: string, part: Part): Promise<PartText | undefined> {
  const rows = await db.many<{ id: string; heading_path: string[]; body: Buffer }>(
    `select id, heading_path, body from chunk
     where org_id = $1 and document_id = $2 and ordinal >= $3 and ordinal < $3 + $4 and waiting = $5 order by ordinal`,
    [orgId, part.documentId, part.firstOrdinal, part.chunks, part.waiting],
  );
  const [first] = rows;
  if (!first || rows.length !== part.chunks) return undefined;
  const texts = await Promise.all(
    rows.map(async ({ id, heading_path: path, body }) => {
      const text = await db.codec.open(chunkPlace(orgId, id), body);
      return readWhole(part.title, path, text);
    }),
  );
  return { chunkId: first.id, texts };
}

export interface NewVectors {
  id: string;
  chunkId: string;
  space: string;
  vectors: Float32Array[];
}

/** In place of older ones. False: the document was changed or deleted meanwhile. */
export async function putVectors(tx: Tx, orgId: string, part: Part, made: NewVectors): Promise<boolean> {
  const { id, chunkId, space, vectors } = made;
  const key = [orgId, part.baseId, part.segment, part.firstSlot];
  await lockStamps(tx, part.baseId);
  const marked = await tx.exec(
    `update index_part set vector_space = $5, vector_failures = 0
     where org_id = $1 and knowledge_base_id = $2 and segment = $3 and first_slot = $4 and document_id = $6
       and exists (select 1 from chunk where org_id = $1 and id = $7)`,
    [...key, space, part.documentId, chunkId],
  );
  if (marked === 0) return false;
  await tx.exec(
    `delete from chunk_vectors where org_id = $1 and knowledge_base_id = $2 and segment = $3 and first_slot = $4`,
    key,
  );
  const dimensions = vectors[0]?.length ?? 0;
  const joined = new Float32Array(vectors.length * dimensions);
  for (const [i, vector] of vectors.entries()) joined.set(vector, i * dimensions);
  await tx.exec(
    `insert into chunk_vectors (org_id, knowledge_base_id, segment, first_slot, id, chunks, space, dimensions, vectors)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...key,
      id,
      vectors.length,
      space,
      dimensions,
      await tx.codec.seal(vectorsPlace(orgId, id), new Uint8Array(joined.buffer)),
    ],
  );
  const block = { id, dimensions, vectors: joined };
  if (await isIndexed(tx, { orgId, baseId: part.baseId, space, dimensions })) await copyBlock(tx, orgId, block);
  return true;
}

/** How much a base would take in memory, in bytes. */
export const sizeOf = async (db: Db, orgId: string, baseId: string, space: string): Promise<number> => {
  const { bytes } = await db.one<{ bytes: number }>(
    `select coalesce(sum(chunks::bigint * dimensions * 4), 0)::bigint as bytes from chunk_vectors
     where org_id = $1 and knowledge_base_id = $2 and space = $3`,
    [orgId, baseId, space],
  );
  return bytes;
};

export interface Block {
  id: string;
  segment: number;
  firstSlot: number;
  dimensions: number;
  vectors: Float32Array;
}

interface BlockRow extends Omit<Block, 'vectors'> {
  stamp: number;
  vectors: Buffer;
}

/** The vectors of a base that were made after others, oldest first. */
export async function vectorsAfter(
  db: Db,
  orgId: string,
  of: { baseId: string; space: string },
  after: number,
  most: number,
): Promise<{ blocks: Block[]; stamp: number; more: boolean }> {
  const rows = await db.many<BlockRow>(
    `select id, segment, first_slot as "firstSlot", dimensions, stamp, vectors from chunk_vectors
     where org_id = $1 and knowledge_base_id = $2 and space = $3 and stamp > $4 order by stamp limit $5`,
    [orgId, of.baseId, of.space, after, most],
  );
  const blocks: Block[] = [];
  for (const { stamp: _, ...row } of rows) {
    const bytes = await db.codec.openBytes(vectorsPlace(orgId, row.id), row.vectors);
    // Copied: it is given to another thread, and a float has to begin at a multiple of four.
    blocks.push({ ...row, vectors: new Float32Array(new Uint8Array(bytes).buffer) });
  }
  return { blocks, stamp: rows.at(-1)?.stamp ?? after, more: rows.length === most };
}

/** Those of the bases that their reader may read. */
export const readableOf = async (db: Db, orgId: string, bases: Bases): Promise<string[]> =>
  (
    await db.one<{ ids: string[] }>('select knowledge_within($1, $3, $2)::uuid[] as ids', [
      orgId,
      bases.ids,
      bases.reader,
    ])
  ).ids;

/** Which of these are there still. */
export const stillThere = async (db: Db, orgId: string, ids: string[]): Promise<Set<string>> =>
  new Set(
    (
      await db.many<{ id: string }>('select id from chunk_vectors where org_id = $1 and id = any ($2::uuid[])', [
        orgId,
        ids,
      ])
    ).map(({ id }) => id),
  );

/** How many chunks of a base have vectors of a space. */
export const countVectors = (db: Db, orgId: string, baseId: string, space: string) =>
  db.one<{ made: number; of: number }>(
    `select coalesce(sum(chunks) filter (where vector_space = $3), 0)::int as made, coalesce(sum(chunks), 0)::int as of
     from index_part where org_id = $1 and knowledge_base_id = $2`,
    [orgId, baseId, space],
  );
