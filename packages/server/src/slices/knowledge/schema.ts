import type { DocumentState, WaitingVersion } from '@rapport/protocol/knowledge';

export interface KnowledgeBaseRow {
  id: string;
  name: string;
  description: Buffer | null;
  language: string | null;
  audience: 'organisation' | 'chosen';
  user_ids: string[];
  team_ids: string[];
  room_id: string;
  document_count: number;
  publish_unless_lost: boolean;
  created_at: string;
  updated_at: string;
}

/** What a version is made of and how far it came. */
export interface VersionRow {
  version: number;
  state: DocumentState;
  failure: string | null;
  source: 'text' | 'file' | 'url';
  origin: Buffer | null;
  blob_id: string | null;
  bytes: number;
  format: string | null;
  language: string | null;
  length: number;
  page_count: number | null;
  created_at: string;
}

/** A document with its newest version. */
export interface DocumentRow extends VersionRow {
  id: string;
  title: string;
  folder: string;
  tags: string[];
  ready_version: number | null;
  chunk_count: number;
  waiting: WaitingVersion | null;
  updated_at: string;
}

export interface PassageRow {
  id: string;
  document_id: string;
  title: string;
  heading_path: string[];
  start_offset: number;
  end_offset: number;
  page: number | null;
  body: Buffer;
}

/** A passage with its title and headings, as a model reads it. */
export const readWhole = (title: string, headings: string[], text: string): string =>
  [[title, ...headings].join(' › '), text].join('\n');

/** Where the text of a chunk is sealed. */
export const chunkPlace = (orgId: string, rowId: string) => ({ orgId, table: 'chunk', column: 'body', rowId });

/** Where the text of a version is sealed. First versions keep the place they had before documents had versions. */
export const bodyPlace = (orgId: string, id: string, version: number) => ({
  orgId,
  table: 'document',
  column: 'body',
  rowId: version === 1 ? id : `${id}/${version}`,
});

/** Where the name of its file or its address is sealed. */
export const originPlace = (orgId: string, id: string, version: number) => ({
  orgId,
  table: 'document_version',
  column: 'origin',
  rowId: `${id}/${version}`,
});
