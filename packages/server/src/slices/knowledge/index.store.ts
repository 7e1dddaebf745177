import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Db, Tx } from '../../platform/db/db.ts';
import { segmentSlots, toBytes } from './occurrences.ts';
import { chunkPlace } from './schema.ts';

export interface NewChunk {
  id: string;
  ordinal: number;
  headingPath: string[];
  start: number;
  end: number;
  page: number | null;
  text: string;
}

/** Chunks that stand together in one segment. */
export interface NewPart {
  firstOrdinal: number;
  chunks: NewChunk[];
  words: number;
  /** Occurrences as if the first chunk had slot 0, sorted. */
  terms: { hash: number; codes: number[] }[];
  /** Of a version that is not searched yet. */
  waiting: boolean;
}

/** What goes to the database at once; in between other work of the process goes on. */
const batch = 100;

export async function insertPart(
  tx: Tx,
  orgId: string,
  baseId: string,
  documentId: string,
  part: NewPart,
  language: string,
): Promise<void> {
  for (let i = 0; i < part.chunks.length; i += batch) {
    await insertChunks(tx, orgId, documentId, part.chunks.slice(i, i + batch), part.waiting);
  }
  const { segment, first } = await takeSlots(tx, orgId, baseId, part, language);
  await tx.exec(
    `insert into index_part
       (org_id, knowledge_base_id, segment, first_slot, document_id, first_ordinal, chunks, words, terms, waiting)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      orgId,
      baseId,
      segment,
      first,
      documentId,
      part.firstOrdinal,
      part.chunks.length,
      part.words,
      part.terms.map((t) => t.hash),
      part.waiting,
    ],
  );
  const perTurn = batch * 10;
  for (let i = 0; i < part.terms.length; i += perTurn) {
    await nextTurn();
    await appendPostings(tx, orgId, baseId, segment, first, part.terms.slice(i, i + perTurn));
  }
}

async function insertChunks(
  tx: Tx,
  orgId: string,
  documentId: string,
  chunks: NewChunk[],
  waiting: boolean,
): Promise<void> {
  const sealed = await Promise.all(chunks.map((c) => tx.codec.seal(chunkPlace(orgId, c.id), c.text)));
  await tx.exec(
    `insert into chunk (org_id, id, document_id, ordinal, heading_path, start_offset, end_offset, page, body, waiting)
     select $1, x.id, $2, x.ordinal, array(select jsonb_array_elements_text(x.path)), x.start_at, x.end_at, x.page, x.body, $10
     from unnest($3::uuid[], $4::int[], $5::jsonb[], $6::int[], $7::int[], $8::int[], $9::bytea[])
       as x(id, ordinal, path, start_at, end_at, page, body)`,
    [
      orgId,
      documentId,
      chunks.map((c) => c.id),
      chunks.map((c) => c.ordinal),
      chunks.map((c) => JSON.stringify(c.headingPath)),
      chunks.map((c) => c.start),
      chunks.map((c) => c.end),
      chunks.map((c) => c.page),
      sealed,
      waiting,
    ],
  );
}

interface Slots {
  segment: number;
  first: number;
}

/** The segment stays locked until the end of the transaction; who comes meanwhile writes into another. */
async function takeSlots(tx: Tx, orgId: string, baseId: string, part: NewPart, language: string): Promise<Slots> {
  const take = () =>
    tx.maybe<Slots>(
      `update index_segment set slots = slots + $3, chunks = chunks + $3, words = words + $4
       where org_id = $1 and knowledge_base_id = $2 and number = (
         select number from index_segment
         where org_id = $1 and knowledge_base_id = $2 and language = $5 and slots <= ${segmentSlots} - $3
         order by number limit 1 for update skip locked)
       returning number as segment, slots - $3 as first`,
      [orgId, baseId, part.chunks.length, part.words, language],
    );
  const open = await take();
  if (open) return open;
  await tx.exec(`select 1 from knowledge_base where org_id = $1 and id = $2 for no key update`, [orgId, baseId]);
  const freed = await take();
  if (freed) return freed;
  await tx.exec(
    `insert into index_segment (org_id, knowledge_base_id, language, number)
     select $1, $2, $3, coalesce(max(number), 0) + 1 from index_segment where org_id = $1 and knowledge_base_id = $2`,
    [orgId, baseId, language],
  );
  const made = await take();
  if (!made) throw new Error('a new segment has no room');
  return made;
}

const chunksOf = (codes: number[]): number => {
  let n = 0;
  let last = -1;
  for (const code of codes) {
    const slot = code >>> 20;
    if (slot !== last) n += 1;
    last = slot;
  }
  return n;
};

const appendPostings = (
  tx: Tx,
  orgId: string,
  baseId: string,
  segment: number,
  first: number,
  terms: NewPart['terms'],
): Promise<number> =>
  tx.exec(
    `insert into posting as p (org_id, knowledge_base_id, term, segment, chunks, hits)
     select $1, $2, x.term, $3, x.chunks, x.hits from unnest($4::bigint[], $5::int[], $6::bytea[]) as x(term, chunks, hits)
     on conflict (org_id, knowledge_base_id, term, segment)
     do update set hits = p.hits || excluded.hits, chunks = p.chunks + excluded.chunks`,
    [
      orgId,
      baseId,
      segment,
      terms.map((t) => t.hash),
      terms.map((t) => chunksOf(t.codes)),
      terms.map((t) => toBytes(t.codes, first)),
    ],
  );

/** Of the version that is searched, or of the one that waits. The occurrences go with the parts, by a trigger. */
export async function dropParts(tx: Tx, orgId: string, documentId: string, waiting: boolean): Promise<void> {
  const of = [orgId, documentId, waiting];
  await tx.exec(`delete from index_part where org_id = $1 and document_id = $2 and waiting = $3`, of);
  await tx.exec(`delete from chunk where org_id = $1 and document_id = $2 and waiting = $3`, of);
}

export interface Indexed {
  chunks: number;
  version: number;
}

export const markIndexed = (tx: Tx, orgId: string, documentId: string, indexed: Indexed): Promise<number> =>
  tx.exec(`update document set chunk_count = $3, index_version = $4 where org_id = $1 and id = $2`, [
    orgId,
    documentId,
    indexed.chunks,
    indexed.version,
  ]);

interface OutdatedRow {
  org_id: string;
  id: string;
}

/** The next document, in the order of their ids, whose index was made by older rules. */
export const nextOutdated = (db: Db, after: OutdatedRow | null, version: number): Promise<OutdatedRow | undefined> =>
  db.maybe<OutdatedRow>(
    `select org_id, id from document where index_version < $1 and ready_version is not null and ($2::uuid is null or (org_id, id) > ($2, $3::uuid))
     order by org_id, id limit 1`,
    [version, after?.org_id ?? null, after?.id ?? null],
  );

/** Locks a document whose index is older; false where another server is at it or was. */
export const lockOutdated = async (tx: Tx, orgId: string, id: string, version: number): Promise<boolean> =>
  (await tx.maybe(
    `select 1 from document where org_id = $1 and id = $2 and index_version < $3 for no key update skip locked`,
    [orgId, id, version],
  )) !== undefined;

interface PlaceRow {
  baseId: string;
  title: string;
  version: number | null;
  waitingVersion: number | null;
  language: string | null;
}

/** Which version of a document is searched, which waits, and what is known of it. */
export const findIndexed = (tx: Tx, orgId: string, id: string): Promise<PlaceRow | undefined> =>
  tx.maybe<PlaceRow>(
    `select d.knowledge_base_id as "baseId", d.title, d.ready_version as version, k.language,
       (select v.version from document_version v
         where v.org_id = d.org_id and v.document_id = d.id and v.state = 'waiting') as "waitingVersion"
     from document d join knowledge_base k on k.org_id = d.org_id and k.id = d.knowledge_base_id
     where d.org_id = $1 and d.id = $2`,
    [orgId, id],
  );
