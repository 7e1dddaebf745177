import type { Passage } from '@rapport/protocol/knowledge';
import type { Db } from '../../platform/db/db.ts';
import { chunkPlace, type PassageRow } from './schema.ts';

/** Robertson and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009. */
const k1 = 0.9;
const b = 0.4;
/** Chunks from which on frequent terms are left out of a search. */
const largeBase = 1000;

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
