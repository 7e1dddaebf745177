import type { Document, KnowledgeBase, Passage } from '@rapport/protocol/knowledge';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { DocumentRow, KnowledgeBaseRow, PassageRow } from './schema.ts';

/** Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009. */
const k1 = 0.9;
const b = 0.4;

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

export async function listBases(db: Db, orgId: string, before: string | null, limit: number): Promise<KnowledgeBase[]> {
  const rows = await db.many<KnowledgeBaseRow>(
    `select ${baseColumns} from knowledge_base k where k.org_id = $1 and ($2::uuid is null or k.id < $2)
     order by k.id desc limit $3`,
    [orgId, before, limit],
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

export const insertDocument = (
  tx: Tx,
  orgId: string,
  baseId: string,
  document: { id: string; title: string; text: string },
): Promise<number> =>
  tx.exec(`insert into document (org_id, id, knowledge_base_id, title, body, length) values ($1, $2, $3, $4, $5, $6)`, [
    orgId,
    document.id,
    baseId,
    document.title,
    tx.codec.seal(bodyPlace(orgId, document.id), document.text),
    document.text.length,
  ]);

export async function insertChunks(tx: Tx, orgId: string, baseId: string, documentId: string, chunks: NewChunk[]) {
  await tx.exec(
    `insert into chunk (org_id, id, knowledge_base_id, document_id, ordinal, heading_path, start_offset, end_offset, body, term_count)
     select $1, x.id, $2, $3, x.ordinal, array(select jsonb_array_elements_text(x.path)), x.start_at, x.end_at, x.body, x.terms
     from unnest($4::uuid[], $5::int[], $6::jsonb[], $7::int[], $8::int[], $9::bytea[], $10::int[])
       as x(id, ordinal, path, start_at, end_at, body, terms)`,
    [
      orgId,
      baseId,
      documentId,
      chunks.map((c) => c.id),
      chunks.map((c) => c.ordinal),
      chunks.map((c) => JSON.stringify(c.headingPath)),
      chunks.map((c) => c.start),
      chunks.map((c) => c.end),
      chunks.map((c) => tx.codec.seal(chunkPlace(orgId, c.id), c.text)),
      chunks.map((c) => c.termCount),
    ],
  );
  const postings = chunks.flatMap((c) => [...c.frequencies].map(([term, count]) => ({ term, chunkId: c.id, count })));
  // Stemmed terms stand in clear, because they are what is searched; the texts themselves are sealed.
  await tx.exec(
    `insert into posting (org_id, knowledge_base_id, term, chunk_id, frequency)
     select $1, $2, x.term, x.chunk_id, x.frequency from unnest($3::text[], $4::uuid[], $5::real[]) as x(term, chunk_id, frequency)`,
    [orgId, baseId, postings.map((p) => p.term), postings.map((p) => p.chunkId), postings.map((p) => p.count)],
  );
}

const documentColumns = `d.id, d.title, d.length, d.created_at,
  (select count(*) from chunk c where c.org_id = d.org_id and c.document_id = d.id) as chunk_count`;

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
  return row && { ...toDocument(row), text: db.codec.open(bodyPlace(orgId, id), row.body) };
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

/** The best passages by BM25. Scores are summed by chunk first; texts are joined for the few that remain. */
export async function searchChunks(db: Db, orgId: string, baseId: string, terms: string[], limit: number): Promise<Passage[]> {
  const rows = await db.many<PassageRow>(
    `with size as (
       select count(*)::real as n, coalesce(avg(term_count), 1)::real as average from chunk
       where org_id = $1 and knowledge_base_id = $2),
     hits as (
       select p.term, p.chunk_id, p.frequency, count(*) over (partition by p.term) as df from posting p
       where p.org_id = $1 and p.knowledge_base_id = $2 and p.term = any($3::text[])),
     best as (
       select h.chunk_id, sum(
         ln(1 + (s.n - h.df + 0.5) / (h.df + 0.5)) * h.frequency * ${1 + k1}
         / (h.frequency + ${k1} * (${1 - b} + ${b} * c.term_count / s.average))) as score
       from hits h join chunk c on c.org_id = $1 and c.id = h.chunk_id cross join size s
       group by h.chunk_id order by score desc, h.chunk_id limit $4)
     select c.id, c.document_id, d.title, c.heading_path, c.start_offset, c.end_offset, c.body, best.score::float8 as score
     from best
     join chunk c on c.org_id = $1 and c.id = best.chunk_id
     join document d on d.org_id = $1 and d.id = c.document_id
     order by best.score desc, c.id`,
    [orgId, baseId, terms, limit],
  );
  return rows.map((row) => ({
    chunkId: row.id,
    documentId: row.document_id,
    title: row.title,
    headingPath: row.heading_path,
    text: db.codec.open(chunkPlace(orgId, row.id), row.body),
    score: row.score,
    page: null,
    start: row.start_offset,
    end: row.end_offset,
  }));
}
