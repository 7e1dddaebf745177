import type { Passage } from '@rapport/protocol/knowledge';
import type { Db } from '../../platform/db/db.ts';
import { languageOfTag, type Language } from './languages.ts';
import { fromBytes } from './occurrences.ts';
import type { Collection, List, Ranked } from './ranking.ts';
import { within, type Bases } from './readers.ts';
import { chunkPlace, type PassageRow } from './schema.ts';

/** Chunks from which on frequent terms are left out of a search. */
const largeBase = 1000;
/** What one search may read and add up, whatever it is asked: the rarest terms first. */
const mostOccurrences = 400_000;

/** What stands in clear of it; the organisation's predicate is part of each statement. */
export interface Searched extends Collection {
  /** How many of the chunks are in which language. */
  languages: Map<Language, number>;
}

const segmentName = (baseId: string, number: number): string => `${baseId}/${number}`;

interface SegmentRow {
  knowledge_base_id: string;
  number: number;
  chunks: number;
  words: number;
  language: string;
  firsts: number[] | null;
  counts: number[] | null;
  hidden_words: number | null;
}

// Row-level security makes the planner expect single rows. Each statement names the terms it reads in the condition on
// the index, or takes rows one by one, so that no plan reads a whole base.

/** The size of what is searched, and which of it must not be found. */
export async function collectionOf(db: Db, orgId: string, bases: Bases): Promise<Searched> {
  const rows = await db.many<SegmentRow>(
    `with kept_back as (
       select p.knowledge_base_id, p.segment, p.first_slot, p.chunks, p.words
       from document d join index_part p on p.org_id = d.org_id and p.document_id = d.id
       where d.org_id = $1 and d.knowledge_base_id = ${within} and not d.searchable
       union
       select p.knowledge_base_id, p.segment, p.first_slot, p.chunks, p.words from index_part p
       where p.org_id = $1 and p.knowledge_base_id = ${within} and p.waiting and p.document_id is distinct from $4
       union
       select p.knowledge_base_id, p.segment, p.first_slot, p.chunks, p.words from index_part p
       where p.org_id = $1 and p.document_id = $4 and not p.waiting),
     hidden as (
       select knowledge_base_id, segment, array_agg(first_slot) as firsts, array_agg(chunks) as counts,
         sum(words)::int as words
       from kept_back group by knowledge_base_id, segment)
     select s.knowledge_base_id, s.number, s.chunks, s.words, s.language, h.firsts, h.counts, h.words as hidden_words
     from index_segment s
     left join hidden h on h.knowledge_base_id = s.knowledge_base_id and h.segment = s.number
     where s.org_id = $1 and s.knowledge_base_id = ${within}`,
    [orgId, bases.ids, bases.reader, bases.trial ?? null],
  );
  let chunks = 0;
  let words = 0;
  const languages = new Map<Language, number>();
  const hidden = new Map<string, [number, number][]>();
  for (const row of rows) {
    const slots = (row.firsts ?? []).map((first, i): [number, number] => [first, row.counts?.[i] ?? 0]);
    if (slots.length > 0) hidden.set(segmentName(row.knowledge_base_id, row.number), slots);
    const shown = row.chunks - slots.reduce((n, [, count]) => n + count, 0);
    chunks += shown;
    const language = languageOfTag(row.language) ?? 'en';
    if (shown > 0) languages.set(language, (languages.get(language) ?? 0) + shown);
    words += row.words - (row.hidden_words ?? 0);
  }
  return { chunks, averageLength: Math.max(1, words / Math.max(1, chunks)), hidden, languages };
}

interface PostingRow {
  knowledge_base_id: string;
  segment: number;
  term: number;
  hits: Buffer;
}

const toList = (row: PostingRow): List => ({
  segment: segmentName(row.knowledge_base_id, row.segment),
  term: row.term,
  codes: fromBytes(row.hits),
});

/**
 * The occurrences of terms. In a large base a term that stands in every fourth chunk costs much and tells little, so it is
 * left out, unless it is the rarest of them or `required`.
 */
export async function occurrencesOf(
  db: Db,
  orgId: string,
  bases: Bases,
  chunks: number,
  terms: number[],
  required: number[],
): Promise<List[]> {
  const rows = await db.many<PostingRow>(
    `with found as (
       select term, sum(chunks) as df, sum(octet_length(hits)) as bytes from posting
       where org_id = $1 and knowledge_base_id = ${within} and term = any ($4::bigint[]) group by term),
     rarest as (select term, df, sum(bytes) over (order by df, term) as reach, row_number() over (order by df, term) from found)
     select p.knowledge_base_id, p.segment, p.term, p.hits
     from rarest r
     join posting p on p.org_id = $1 and p.knowledge_base_id = ${within} and p.term = any ($4::bigint[])
       and p.term = r.term
     where r.row_number = 1 or r.term = any ($6::bigint[])
       or (r.reach <= ${4 * mostOccurrences} and ($5 < ${largeBase} or r.df <= $5 / 4))`,
    [orgId, bases.ids, bases.reader, terms, chunks, required],
  );
  return rows.map(toList);
}

/** Those of the best of some terms that stand in no more than a tenth of the chunks. */
export async function rareOccurrencesOf(
  db: Db,
  orgId: string,
  bases: Bases,
  chunks: number,
  terms: { hash: number; weight: number }[],
  most: number,
): Promise<List[]> {
  const rows = await db.many<PostingRow>(
    `with found as materialized (
       select term, sum(chunks) as df from posting
       where org_id = $1 and knowledge_base_id = ${within} and term = any ($4::bigint[]) group by term),
     kept as (
       select f.term from found f join unnest($4::bigint[], $5::float8[]) as x(term, weight) on x.term = f.term
       where f.df <= $6 / 10 order by x.weight desc, x.term limit $7)
     select p.knowledge_base_id, p.segment, p.term, p.hits
     from posting p
     where p.org_id = $1 and p.knowledge_base_id = ${within} and p.term = any ($4::bigint[])
       and p.term in (select term from kept)`,
    [orgId, bases.ids, bases.reader, terms.map((t) => t.hash), terms.map((t) => t.weight), chunks, most],
  );
  return rows.map(toList);
}

/** A passage with the language it is indexed in. */
export interface Found extends Passage {
  language: Language;
  channels: NonNullable<Passage['channels']>;
  /** The first and the last of the document's chunks that it is made of. */
  ordinals: [number, number];
}

/** The passages that stand at these places, in this order; what went meanwhile is not among them. */
export async function passagesAt(
  db: Db,
  orgId: string,
  bases: Bases,
  ranked: (Ranked & { similarity?: number | null })[],
): Promise<Found[]> {
  const places = ranked.map(({ segment }) => segment.split('/'));
  const rows = await db.many<PassageRow & { rank: number; ordinal: number; language: string }>(
    `select x.rank, s.language, c.id, c.document_id, d.title, c.heading_path, c.start_offset, c.end_offset, c.ordinal, c.page, c.body
     from unnest($4::uuid[], $5::int[], $6::int[]) with ordinality as x(base, segment, slot, rank)
     cross join lateral (
       select p.document_id, p.waiting, p.first_ordinal + x.slot - p.first_slot as ordinal, p.first_slot + p.chunks as behind
       from index_part p
       where p.org_id = $1 and p.knowledge_base_id = x.base and p.segment = x.segment and p.first_slot <= x.slot
       order by p.first_slot desc limit 1) as part
     join index_segment s on s.org_id = $1 and s.knowledge_base_id = x.base and s.number = x.segment
     join document d on d.org_id = $1 and d.id = part.document_id and d.searchable
     cross join lateral (
       select * from chunk c where c.org_id = $1 and c.document_id = part.document_id and c.ordinal = part.ordinal
         and c.waiting = part.waiting limit 1) as c
     where x.slot < part.behind and x.base = ${within} and part.waiting = (part.document_id is not distinct from $7)
     order by x.rank`,
    [
      orgId,
      bases.ids,
      bases.reader,
      places.map(([base]) => base),
      places.map(([, number]) => Number(number)),
      ranked.map((r) => r.slot),
      bases.trial ?? null,
    ],
  );
  return Promise.all(
    rows.map(async (row): Promise<Found> => {
      const { score = 0, words = 0, neighbours = 0, similarity = null } = ranked[row.rank - 1] ?? {};
      return {
        score,
        channels: { words, neighbours, ...(similarity === null ? {} : { embedding: similarity }) },
        ordinals: [row.ordinal, row.ordinal],
        chunkId: row.id,
        documentId: row.document_id,
        title: row.title,
        headingPath: row.heading_path,
        text: await db.codec.open(chunkPlace(orgId, row.id), row.body),
        page: row.page,
        language: languageOfTag(row.language) ?? 'en',
        start: row.start_offset,
        end: row.end_offset,
      };
    }),
  );
}
