export interface KnowledgeBaseRow {
  id: string;
  name: string;
  document_count: number;
  created_at: string;
}

export interface DocumentRow {
  id: string;
  title: string;
  length: number;
  chunk_count: number;
  created_at: string;
}

export interface PassageRow {
  id: string;
  document_id: string;
  title: string;
  heading_path: string[];
  start_offset: number;
  end_offset: number;
  body: Buffer;
  score: number;
}

/** Where the text of a chunk is sealed. */
export const chunkPlace = (orgId: string, rowId: string) => ({ orgId, table: 'chunk', column: 'body', rowId });
