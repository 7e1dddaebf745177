import type { Document, KnowledgeBase, Passage } from '@rapport/protocol/knowledge';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { DocumentRow, KnowledgeBaseRow, PassageRow } from './schema.ts';

/** Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009. */
const k1 = 0.9;
const b = 0.4;
/** Chunks from which on frequent terms are left out of a search. */
const largeBase = 1000;

const bodyPlace = (orgId: string, rowId: string) => ({ orgId, table: 'document', column: 'body', rowId });
const chunkPlace = (orgId: string, rowId: string) => ({ orgId, table: 'chunk', column: 'body', rowId });

const toBase = (row: KnowledgeBaseRow): KnowledgeBase => ({
  id: row.id,
  name: row.name,
  documentCount: row.document_count,
  createdAt: row.created_at,
});

const toDocument = (row: DocumentRow): Document => ({
  id: row.id,
  title: row.title,
  length: row.length,
  chunkCount: row.chunk_count,
  createdAt: row.created_at,
});

export async function insertBase(db: Db, orgId: string, id: string, name: string): Promise<KnowledgeBase> {
  const row = await db.one<KnowledgeBaseRow>(
    `insert into knowledge_base (org_id, id, name) values ($1, $2, $3) returning id, name, 0 as document_count, created_at`,
    [orgId, id, name],
  );
  return toBase(row);
}

const baseColumns = `k.id, k.name, k.created_at,
  (select count(*) from document d where d.org_id = k.org_id and d.knowledge_base_id = k.id) as document_count`;

export async function findBase(db: Db, orgId: string, id: string): Promise<KnowledgeBase | undefined> {
  const row = await db.maybe<KnowledgeBaseRow>(
    `select ${baseColumns} from knowledge_base k where k.org_id = $1 and k.id = $2`,
    [orgId, id],
  );
  return row && toBase(row);
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

export async function listBases(
  db: Db,
  orgId: string,
  q: string | undefined,
  before: string | null,
  limit: number,
): Promise<KnowledgeBase[]> {
  const rows = await db.many<KnowledgeBaseRow>(
    `select ${baseColumns} from knowledge_base k where k.org_id = $1 and ($2::uuid is null or k.id < $2)
       and ($4::text is null or k.name ilike $4) order by k.id desc limit $3`,
    [orgId, before, limit, q ? `%${escapeLike(q)}%` : null],
  );
  return rows.map(toBase);
}

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

export interface NewDocument {
  id: string;
  title: string;
  text: string;
  chunks: NewChunk[];
}

/** Stores the document with its chunks and postings. */
export async function insertDocument(tx: Tx, orgId: string, baseId: string, document: NewDocument): Promise<Document> {
  const { id, title, text, chunks } = document;
  const row = await tx.one<DocumentRow>(
    `insert into document (org_id, id, knowledge_base_id, title, body, length, chunk_count, term_count)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning id, title, length, chunk_count, created_at`,
    [
      orgId,
      id,
      baseId,
      title,
      await tx.codec.seal(bodyPlace(orgId, id), text),
      text.length,
      chunks.length,
      chunks.reduce((sum, c) => sum + c.termCount, 0),
    ],
  );
  await insertChunks(tx, orgId, id, chunks);
  await insertPostings(tx, orgId, baseId, chunks);
  return toDocument(row);
}

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

const documentColumns = 'd.id, d.title, d.length, d.chunk_count, d.created_at';

export async function findDocument(
  db: Db,
  orgId: string,
  baseId: string,
  id: string,
): Promise<(Document & { text: string }) | undefined> {
  const row = await db.maybe<DocumentRow & { body: Buffer }>(
    `select ${documentColumns}, d.body from document d where d.org_id = $1 and d.knowledge_base_id = $2 and d.id = $3`,
    [orgId, baseId, id],
  );
  return row && { ...toDocument(row), text: await db.codec.open(bodyPlace(orgId, id), row.body) };
}

export async function listDocuments(db: Db, orgId: string, baseId: string, before: string | null, limit: number) {
  const rows = await db.many<DocumentRow>(
    `select ${documentColumns} from document d
     where d.org_id = $1 and d.knowledge_base_id = $2 and ($3::uuid is null or d.id < $3) order by d.id desc limit $4`,
    [orgId, baseId, before, limit],
  );
  return rows.map(toDocument);
}

/** Its chunks and postings go with it. */
export const deleteDocument = (db: Db, orgId: string, baseId: string, id: string): Promise<number> =>
  db.exec(`delete from document where org_id = $1 and knowledge_base_id = $2 and id = $3`, [orgId, baseId, id]);

/**
 * The best passages by BM25. Everything is scored from the index of the postings; the few that remain are joined with
 * their texts. In a large base a term that stands in every fourth chunk costs much and tells little, so it is left out,
 * unless it is the rarest of the query.
 */
export async function searchChunks(
  db: Db,
  orgId: string,
  baseId: string,
  terms: string[],
  limit: number,
): Promise<Passage[]> {
  const rows = await db.many<PassageRow>(
    `with size as (
       select coalesce(sum(chunk_count), 0)::float8 as n,
              greatest(sum(term_count)::float8 / greatest(sum(chunk_count), 1), 1) as average
       from document where org_id = $1 and knowledge_base_id = $2),
     counted as (
       select p.term, count(*)::float8 as df from posting p
       where p.org_id = $1 and p.knowledge_base_id = $2 and p.term = any($3::text[]) group by p.term),
     kept as (
       select c.term, ln(1 + (s.n - c.df + 0.5) / (c.df + 0.5)) as idf from counted c cross join size s
       where s.n < ${largeBase} or c.df <= s.n / 4 or c.df = (select min(df) from counted)),
     best as (
       select p.chunk_id, sum(k.idf * p.frequency * ${1 + k1}
         / (p.frequency + ${k1} * (${1 - b} + ${b} * p.chunk_terms / s.average)))::float8 as score
       from kept k cross join size s
       join posting p on p.org_id = $1 and p.knowledge_base_id = $2 and p.term = k.term
       group by p.chunk_id order by score desc, p.chunk_id limit $4)
     select c.id, c.document_id, d.title, c.heading_path, c.start_offset, c.end_offset, c.body, best.score
     from best
     join chunk c on c.org_id = $1 and c.id = best.chunk_id
     join document d on d.org_id = $1 and d.id = c.document_id
     order by best.score desc, c.id`,
    [orgId, baseId, terms, limit],
  );
  const found = rows.map(async (row) => ({
    chunkId: row.id,
    documentId: row.document_id,
    title: row.title,
    headingPath: row.heading_path,
    text: await db.codec.open(chunkPlace(orgId, row.id), row.body),
    score: row.score,
    page: null,
    start: row.start_offset,
    end: row.end_offset,
  }));
  return Promise.all(found);
}
