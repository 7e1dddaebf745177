import type { Db, Tx } from '../../../../platform/db/db.ts';
import { within, type Bases } from '../../readers.ts';

/** What an index of pgvector can hold of half-precision numbers. */
export const mostDimensions = 4000;
/** Rows of one statement: to write numbers as text keeps the event loop busy. */
const rowsAtOnce = 32;

/** The vectors of one knowledge base, as they stand in an index. */
export interface Indexed {
  orgId: string;
  baseId: string;
  space: string;
  dimensions: number;
}

interface IndexedState extends Indexed {
  stamp: number;
  ready: boolean;
}

const state = `org_id as "orgId", knowledge_base_id as "baseId", space, dimensions, stamp, ready`;

/** Whether anything tells of an index. */
export const isStanding = async (db: Db): Promise<boolean> =>
  (
    await db.one<{ standing: boolean }>(
      `select exists (select 1 from pg_namespace where nspname = 'derived') or exists (select 1 from vector_index) as standing`,
    )
  ).standing;

/** Of all organisations. */
export const listStates = (db: Db): Promise<IndexedState[]> =>
  db.many<IndexedState>(`select ${state} from vector_index order by org_id, knowledge_base_id`);

export const isReady = async (db: Db, { orgId, baseId, space, dimensions }: Indexed): Promise<boolean> =>
  (await db.maybe(
    `select 1 from vector_index where org_id = $1 and knowledge_base_id = $2 and space = $3 and dimensions = $4 and ready`,
    [orgId, baseId, space, dimensions],
  )) !== undefined;

export interface Size {
  baseId: string;
  dimensions: number;
  chunks: number;
}

/** How many vectors of a space the bases of an organisation have; where they differ in length, by the length of most. */
export const sizesOf = (db: Db, orgId: string, space: string): Promise<Size[]> =>
  db.many<Size>(
    `select distinct on (knowledge_base_id) knowledge_base_id as "baseId", dimensions, sum(chunks)::int as chunks
     from chunk_vectors where org_id = $1 and space = $2
     group by knowledge_base_id, dimensions order by knowledge_base_id, sum(chunks) desc`,
    [orgId, space],
  );

/** From here on what is made for the base is copied as it is made; the stamp tells how far older vectors were. */
export async function beginIndex(tx: Tx, { orgId, baseId, space, dimensions }: Indexed): Promise<IndexedState> {
  await lockStamps(tx, baseId);
  const known = await tx.maybe<IndexedState>(
    `select ${state} from vector_index
     where org_id = $1 and knowledge_base_id = $2 and space = $3 and dimensions = $4`,
    [orgId, baseId, space, dimensions],
  );
  if (known) return known;
  await dropRows(tx, orgId, baseId);
  return tx.one<IndexedState>(
    `insert into vector_index (org_id, knowledge_base_id, space, dimensions) values ($1, $2, $3, $4) returning ${state}`,
    [orgId, baseId, space, dimensions],
  );
}

/** Stamps of a base become visible in their order. */
export const lockStamps = (tx: Tx, baseId: string): Promise<number> =>
  tx.exec('select pg_advisory_xact_lock(hashtextextended($1, 27))', [baseId]);

/** Nothing of the base stands in clear any more. */
export async function dropRows(tx: Tx, orgId: string, baseId: string): Promise<void> {
  await tx.exec('delete from vector_index where org_id = $1 and knowledge_base_id = $2', [orgId, baseId]);
  await tx.exec('delete from derived.passage_vector where org_id = $1 and knowledge_base_id = $2', [orgId, baseId]);
}

/** False: the index was given up meanwhile. */
export const markCopied = async (tx: Tx, of: Indexed, stamp: number): Promise<boolean> =>
  (await tx.exec(
    `update vector_index set stamp = greatest(stamp, $5)
     where org_id = $1 and knowledge_base_id = $2 and space = $3 and dimensions = $4`,
    [of.orgId, of.baseId, of.space, of.dimensions, stamp],
  )) === 1;

export const markReady = (db: Db, of: Indexed): Promise<number> =>
  db.exec(
    `update vector_index set ready = true
     where org_id = $1 and knowledge_base_id = $2 and space = $3 and dimensions = $4`,
    [of.orgId, of.baseId, of.space, of.dimensions],
  );

/** Whether the vectors of a base are copied; it stays so until the transaction ends. */
export const isIndexed = async (tx: Tx, { orgId, baseId, space, dimensions }: Indexed): Promise<boolean> =>
  (await tx.maybe(
    `select 1 from vector_index
     where org_id = $1 and knowledge_base_id = $2 and space = $3 and dimensions = $4 for key share`,
    [orgId, baseId, space, dimensions],
  )) !== undefined;

const textOf = (vector: Float32Array): string => `[${vector.join(',')}]`;

/** Copies the vectors of a block, which are given opened. One that went meanwhile is not copied. */
export async function copyBlock(
  tx: Tx,
  orgId: string,
  block: { id: string; dimensions: number; vectors: Float32Array },
): Promise<void> {
  const { id, dimensions, vectors } = block;
  const rows = vectors.length / dimensions;
  for (let first = 0; first < rows; first += rowsAtOnce) {
    const some = Array.from({ length: Math.min(rowsAtOnce, rows - first) }, (_, i) =>
      textOf(vectors.subarray((first + i) * dimensions, (first + i + 1) * dimensions)),
    );
    await tx.exec(
      `insert into derived.passage_vector
         (org_id, knowledge_base_id, block_id, segment, first_slot, slot, dimensions, embedding)
       select c.org_id, c.knowledge_base_id, c.id, c.segment, c.first_slot, c.first_slot + $3 + x.at - 1, c.dimensions, x.embedding::halfvec
       from chunk_vectors c cross join unnest($4::text[]) with ordinality as x(embedding, at)
       where c.org_id = $1 and c.id = $2 for key share of c
       on conflict do nothing`,
      [orgId, id, first, some],
    );
  }
}

export interface NearbyHit {
  segment: number;
  slot: number;
  similarity: number;
}

/**
 * In a table under row-level security the planner expects single rows: it would sort what it finds, and read whole tables to
 * ask of each candidate whether it may be found. The order of an index and look-ups by key are right however many there
 * are. A generic plan cannot know which base is asked for, and with it which index.
 */
const settings = `select set_config('hnsw.iterative_scan', 'strict_order', true), set_config('hnsw.ef_search', $1, true),
  set_config('hnsw.max_scan_tuples', $2, true), set_config('enable_sort', 'off', true),
  set_config('enable_seqscan', 'off', true), set_config('enable_material', 'off', true),
  set_config('plan_cache_mode', 'force_custom_plan', true), set_config('statement_timeout', $3, true)`;

/** How many candidates the index keeps while it looks: more finds more, and takes longer. */
const candidates = 200;
/** How many it may pass by that must not be found. */
const mostPassed = 100_000;

/** As `passagesAt` shows them. A length of vectors is part of the statement: an index holds those of one length. */
const nearestOf = (dimensions: number): string => `
  select v.segment, v.slot, 1 - (v.embedding::halfvec(${dimensions}) <=> $6::halfvec(${dimensions})) as similarity
  from derived.passage_vector v
  join index_part p on p.org_id = v.org_id and p.knowledge_base_id = v.knowledge_base_id
    and p.segment = v.segment and p.first_slot = v.first_slot
  join document d on d.org_id = p.org_id and d.id = p.document_id and d.searchable
  where v.org_id = $1 and v.knowledge_base_id = $4 and $4 = ${within} and v.dimensions = ${dimensions}
    and p.waiting = (p.document_id is not distinct from $7)
  order by v.embedding::halfvec(${dimensions}) <=> $6::halfvec(${dimensions}) limit $5`;

/** The nearest of a base's passages that may be found and whose base the reader may read, best first. */
export async function nearest(
  tx: Tx,
  { orgId, baseId, dimensions }: Indexed,
  bases: Bases,
  question: Float32Array,
  asked: { limit: number; ms: number },
): Promise<NearbyHit[]> {
  const ef = String(Math.min(1000, Math.max(candidates, asked.limit)));
  await tx.many(settings, [ef, String(mostPassed), String(asked.ms)]);
  const values = [orgId, bases.ids, bases.reader, baseId, asked.limit, textOf(question), bases.trial ?? null];
  const hits = await tx.many<NearbyHit>(nearestOf(Math.trunc(dimensions)), values);
  return hits.sort((a, b) => b.similarity - a.similarity || a.segment - b.segment || a.slot - b.slot);
}

/** The graphs that stand in the database; one that is not valid is being made, or was cut short. */
export const graphsOf = (db: Db): Promise<{ name: string; valid: boolean }[]> =>
  db.many(
    `select c.relname as name, i.indisvalid as valid
     from pg_index i join pg_class c on c.oid = i.indexrelid
       join pg_class t on t.oid = i.indrelid join pg_namespace n on n.oid = t.relnamespace
     where n.nspname = 'derived' and t.relname = 'passage_vector' and c.relname like 'nearby\\_%'`,
  );
