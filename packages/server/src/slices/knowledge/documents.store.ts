import type { Document, DocumentQuery, DocumentVersion } from '@rapport/protocol/knowledge';
import type { Db, Tx } from '../../platform/db/db.ts';
import { failureOf } from './failures.ts';
import { bodyPlace, originPlace, type DocumentRow, type VersionRow } from './schema.ts';

/** Where a version came from. */
export interface Origin {
  fileName: string | null;
  url: string | null;
}

const versionColumns = `v.version, v.state, v.failure, v.source, v.origin, v.blob_id, v.bytes, v.format, v.language, v.length,
  cardinality(v.pages) as page_count`;
const documentColumns = `d.id, d.title, d.folder, d.tags, d.ready_version, d.chunk_count, d.created_at, d.updated_at,
  ${versionColumns}, w.waiting`;
/** What a version that waits is known to find; the newest run of each evaluation counts. */
const evaluated = `left join lateral (
  select json_build_object('evaluations', count(*), 'questions', coalesce(sum(r.questions), 0), 'gained', coalesce(sum(r.gained), 0),
    'lost', coalesce(sum(r.lost), 0), 'state', case
      when bool_or(r.state in ('queued', 'running')) then 'pending' when bool_or(r.state = 'failed') then 'failed' else 'done' end)
    as waiting
  from evaluation e
  left join lateral (
    select * from evaluation_run r
    where r.org_id = e.org_id and r.evaluation_id = e.id and r.document_id = d.id and r.version = v.version
    order by r.id desc limit 1) r on true
  where v.state = 'waiting' and e.org_id = d.org_id and e.knowledge_base_id = d.knowledge_base_id) w on v.state = 'waiting'`;
const newest = `join document_version v on v.org_id = d.org_id and v.document_id = d.id and v.version = d.version`;
/** To who does not publish, a document is what is published of it: a newer version may wait yet, or may never be published. */
const shownTo = (publisher: string) => `
  join document_version v on v.org_id = d.org_id and v.document_id = d.id
    and v.version = case when ${publisher} then d.version else coalesce(d.ready_version, d.version) end
  ${evaluated}`;
/** Whether everybody who reads the base may see a version: the published one also while it is read again. */
const published = `(v.state = 'ready' or v.version = coalesce(d.ready_version, v.version))`;
const withDocument = `document_version v join document d on d.org_id = v.org_id and d.id = v.document_id`;

async function openOrigin(db: Db, orgId: string, id: string, { version, origin }: VersionRow): Promise<Origin> {
  if (!origin) return { fileName: null, url: null };
  return JSON.parse(await db.codec.open(originPlace(orgId, id, version), origin)) as Origin;
}

async function sourceOf(db: Db, orgId: string, id: string, row: VersionRow) {
  return {
    source: row.source,
    ...(await openOrigin(db, orgId, id, row)),
    bytes: row.bytes,
    format: row.format,
    pages: row.page_count,
    language: row.language,
    length: row.length,
    state: row.state,
    failure: row.failure === null ? null : failureOf(row.failure),
  };
}

const toDocument = async (db: Db, orgId: string, row: DocumentRow): Promise<Document> => ({
  id: row.id,
  title: row.title,
  folder: row.folder,
  tags: row.tags,
  version: row.version,
  ...(await sourceOf(db, orgId, row.id, row)),
  readyVersion: row.ready_version,
  waiting: row.waiting,
  chunkCount: row.chunk_count,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export interface NewDocument {
  id: string;
  title: string;
  folder: string;
  tags: string[];
}

/** A document without any version yet. */
export const insertDocument = (tx: Tx, orgId: string, baseId: string, document: NewDocument): Promise<number> =>
  tx.exec(
    `insert into document (org_id, id, knowledge_base_id, title, folder, tags, length)
     values ($1, $2, $3, $4, $5, $6, 0)`,
    [orgId, document.id, baseId, document.title, document.folder, document.tags],
  );

export interface NewVersion {
  version: number;
  source: VersionRow['source'];
  origin: Origin | null;
  blobId: string | null;
  bytes: number;
  createdBy: string;
}

/** Waits in the queue from the commit on. */
export const insertVersion = async (tx: Tx, orgId: string, id: string, v: NewVersion): Promise<number> =>
  tx.exec(
    `insert into document_version (org_id, document_id, version, state, source, origin, blob_id, bytes, created_by)
     values ($1, $2, $3, 'queued', $4, $5, $6, $7, $8)`,
    [
      orgId,
      id,
      v.version,
      v.source,
      v.origin && (await tx.codec.seal(originPlace(orgId, id, v.version), JSON.stringify(v.origin))),
      v.blobId,
      v.bytes,
      v.createdBy,
    ],
  );

/** Nobody else changes the document until the commit. */
export const lockDocument = (tx: Tx, orgId: string, baseId: string, id: string) =>
  tx.maybe<{ title: string; version: number; last_version: number; ready_version: number | null; state: string }>(
    `select d.title, d.version, greatest(d.version, d.last_version) as last_version, d.ready_version, v.state
     from document d ${newest}
     where d.org_id = $1 and d.knowledge_base_id = $2 and d.id = $3 for update of d`,
    [orgId, baseId, id],
  );

export const nameNewest = (tx: Tx, orgId: string, id: string, version: number): Promise<number> =>
  tx.exec(`update document set version = $3, updated_at = now() where org_id = $1 and id = $2`, [orgId, id, version]);

export async function findDocument(
  db: Db,
  orgId: string,
  baseId: string,
  id: string,
  publisher: boolean,
): Promise<Document | undefined> {
  const row = await db.maybe<DocumentRow>(
    `select ${documentColumns} from document d ${shownTo('$4::boolean')}
     where d.org_id = $1 and d.knowledge_base_id = $2 and d.id = $3`,
    [orgId, baseId, id, publisher],
  );
  return row && toDocument(db, orgId, row);
}

/** What a version says; empty before it was extracted. */
export interface Reading {
  text: string;
  pages: number[] | null;
  language: string | null;
  format: string | null;
  published: boolean;
}

export async function findReading(db: Db, orgId: string, id: string, version: number): Promise<Reading | undefined> {
  const row = await db.maybe<Omit<Reading, 'text'> & { body: Buffer | null }>(
    `select v.body, v.pages, v.language, v.format, ${published} as published
     from ${withDocument} where v.org_id = $1 and v.document_id = $2 and v.version = $3`,
    [orgId, id, version],
  );
  if (!row) return undefined;
  const text = row.body === null ? '' : await db.codec.open(bodyPlace(orgId, id, version), row.body);
  return { text, pages: row.pages, language: row.language, format: row.format, published: row.published };
}

const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

/** Newest first. */
export async function listDocuments(
  db: Db,
  orgId: string,
  baseId: string,
  filter: Pick<DocumentQuery, 'q' | 'folder' | 'tag' | 'state'> & { publisher: boolean },
  before: string | null,
  limit: number,
): Promise<Document[]> {
  const rows = await db.many<DocumentRow>(
    `select ${documentColumns} from document d ${shownTo('$9::boolean')}
     where d.org_id = $1 and d.knowledge_base_id = $2 and ($3::uuid is null or d.id < $3)
       and ($5::text is null or d.title ilike $5)
       and ($6::text is null or d.folder = $6 or starts_with(d.folder, $6 || '/'))
       and ($7::text is null or d.tags @> array[$7::text]) and ($8::text is null or v.state = $8)
     order by d.id desc limit $4`,
    [
      orgId,
      baseId,
      before,
      limit,
      filter.q ? `%${escapeLike(filter.q)}%` : null,
      filter.folder ?? null,
      filter.tag ?? null,
      filter.state ?? null,
      filter.publisher,
    ],
  );
  return Promise.all(rows.map((row) => toDocument(db, orgId, row)));
}

/** Newest first. */
export async function listVersions(
  db: Db,
  orgId: string,
  id: string,
  { before, publisher }: { before: number | null; publisher: boolean },
  limit: number,
): Promise<DocumentVersion[]> {
  const rows = await db.many<VersionRow>(
    `select ${versionColumns}, v.created_at from ${withDocument}
     where v.org_id = $1 and v.document_id = $2 and ($3::int is null or v.version < $3) and ($5 or ${published})
     order by v.version desc limit $4`,
    [orgId, id, before, limit, publisher],
  );
  return Promise.all(
    rows.map(async (row) => ({
      version: row.version,
      ...(await sourceOf(db, orgId, id, row)),
      createdAt: row.created_at,
    })),
  );
}

/** What its file is called and where it is kept. */
export async function findFile(db: Db, orgId: string, id: string, version: number) {
  const row = await db.maybe<VersionRow & { published: boolean }>(
    `select ${versionColumns}, ${published} as published
     from ${withDocument} where v.org_id = $1 and v.document_id = $2 and v.version = $3`,
    [orgId, id, version],
  );
  return (
    row && {
      ...(await openOrigin(db, orgId, id, row)),
      blobId: row.blob_id,
      source: row.source,
      bytes: row.bytes,
      published: row.published,
    }
  );
}

export interface Place {
  title: string;
  folder: string;
  tags: string[];
}

export const updatePlace = (tx: Tx, orgId: string, id: string, { title, folder, tags }: Place): Promise<number> =>
  tx.exec(`update document set title = $3, folder = $4, tags = $5, updated_at = now() where org_id = $1 and id = $2`, [
    orgId,
    id,
    title,
    folder,
    tags,
  ]);

/** Its versions, chunks and what it is found by go with it, and its files after the commit. */
export const deleteDocument = (db: Db, orgId: string, baseId: string, id: string): Promise<number> =>
  db.exec(`delete from document where org_id = $1 and knowledge_base_id = $2 and id = $3`, [orgId, baseId, id]);

export const deleteVersion = (tx: Tx, orgId: string, id: string, version: number): Promise<number> =>
  tx.exec(`delete from document_version where org_id = $1 and document_id = $2 and version = $3`, [orgId, id, version]);

/** Those of these documents that are in the base, in one order for everybody who changes several. */
export const existing = async (db: Db, orgId: string, baseId: string, ids: string[]): Promise<string[]> =>
  (
    await db.many<{ id: string }>(
      `select id from document where org_id = $1 and knowledge_base_id = $2 and id = any ($3::uuid[]) order by id`,
      [orgId, baseId, ids],
    )
  ).map(({ id }) => id);
