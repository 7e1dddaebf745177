import type { Document, KnowledgeBase } from '@rapport/protocol/knowledge';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { DocumentRow, KnowledgeBaseRow } from './schema.ts';

const bodyPlace = (orgId: string, rowId: string) => ({ orgId, table: 'document', column: 'body', rowId });

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

export interface NewDocument {
  id: string;
  title: string;
  text: string;
}

/** Stores the document; `indexDocument` makes it findable. */
export async function insertDocument(tx: Tx, orgId: string, baseId: string, document: NewDocument): Promise<void> {
  const { id, title, text } = document;
  await tx.exec(
    `insert into document (org_id, id, knowledge_base_id, title, body, length, chunk_count, term_count)
     values ($1, $2, $3, $4, $5, $6, 0, 0)`,
    [orgId, id, baseId, title, await tx.codec.seal(bodyPlace(orgId, id), text), text.length],
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
