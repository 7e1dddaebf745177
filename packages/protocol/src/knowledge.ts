import { z } from 'zod';
import { Id, Instant, line, text, listOf } from './common.ts';

export const KnowledgeBaseCreate = z.strictObject({ name: line(200) });
export const KnowledgeBase = z.object({
  id: Id,
  name: z.string(),
  documentCount: z.number().int(),
  createdAt: Instant,
});
export type KnowledgeBase = z.infer<typeof KnowledgeBase>;
export const KnowledgeBaseList = listOf(KnowledgeBase);

export const DocumentCreate = z.strictObject({ title: line(300), text: text(500_000) });
export const Document = z.object({
  id: Id,
  title: z.string(),
  chunkCount: z.number().int(),
  length: z.number().int(),
  createdAt: Instant,
});
export type Document = z.infer<typeof Document>;
export const DocumentList = listOf(Document);
export const DocumentText = Document.extend({ text: z.string() });

export const KnowledgeSearch = z.strictObject({
  query: text(2000),
  limit: z.number().int().min(1).max(50).default(10),
});
export const Passage = z.object({
  documentId: Id,
  chunkId: Id,
  title: z.string(),
  text: z.string(),
  score: z.number(),
  page: z.number().int().nullable(),
  start: z.number().int(),
  end: z.number().int(),
  headingPath: z.array(z.string()),
});
export type Passage = z.infer<typeof Passage>;
export const KnowledgeResults = z.object({ results: z.array(Passage) });
