import { z } from 'zod';
import { Id, Instant, line, text, listOf, NamedPage } from './common.ts';

/** A BCP 47 tag, e.g. `en`, `de-AT`. */
const Language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$/);

const readers = {
  userIds: z.array(Id).max(200).default([]),
  teamIds: z.array(Id).max(200).default([]),
};

/** Who may read a knowledge base: everybody with the permission to read reference material, or those of them who are named. */
export const KnowledgeAudience = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('organisation') }),
  z.strictObject({ kind: z.literal('chosen'), ...readers }),
]);
export type KnowledgeAudience = z.output<typeof KnowledgeAudience>;

export const KnowledgeBaseCreate = z.strictObject({
  name: line(200),
  description: text(2000, 0).default(''),
  language: Language.nullable().default(null),
  audience: KnowledgeAudience.default({ kind: 'organisation' }),
  publishUnlessLost: z
    .boolean()
    .default(false)
    .describe('A new version that loses no question of any evaluation is published by itself.'),
});
export type KnowledgeBaseCreate = z.output<typeof KnowledgeBaseCreate>;

export const KnowledgeBase = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  language: z.string().nullable().describe('What its documents are written in, where they do not say it themselves.'),
  audience: KnowledgeAudience,
  roomId: Id.describe('Its events: documents added, their progress, what became of them.'),
  documentCount: z.number().int(),
  publishUnlessLost: z.boolean(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type KnowledgeBase = z.infer<typeof KnowledgeBase>;
export const KnowledgeBaseList = listOf(KnowledgeBase);

export const KnowledgeBaseRemove = z.strictObject({
  force: z.stringbool().default(false).describe('Also where published personas use it; they answer without it.'),
});

export const documentStates = ['queued', 'extracting', 'chunking', 'indexing', 'waiting', 'ready', 'failed'] as const;
export const DocumentState = z.enum(documentStates);
export type DocumentState = z.infer<typeof DocumentState>;

export const KnowledgeBaseDetail = KnowledgeBase.extend({
  personas: z
    .array(z.object({ id: Id, name: z.string(), published: z.boolean() }))
    .describe(
      'Who uses it; `published`: in the version that sessions are started with. Empty for who may see no personas.',
    ),
  embeddings: z
    .object({
      model: z.string(),
      approved: z.boolean().describe('Whether texts may be sent to its provider.'),
      made: z.number().int().describe('Passages that have one.'),
      of: z.number().int().describe('Passages.'),
      failure: z
        .string()
        .nullable()
        .describe(
          'Why the last try failed; it is tried again. `budget-spent`: the limit set for AI models is reached.',
        ),
    })
    .nullable()
    .describe('null: no provider makes embeddings.'),
  cursor: z.number().int().describe('The newest event of its room: what is told after it is not yet in this answer.'),
  states: z.partialRecord(DocumentState, z.number().int()).describe('How many documents are in each state.'),
  folders: z.array(z.object({ path: z.string(), count: z.number().int() })).describe('With documents in them.'),
  tags: z.array(z.object({ name: z.string(), count: z.number().int() })),
});
export type KnowledgeBaseDetail = z.infer<typeof KnowledgeBaseDetail>;

/** Why a document could not be read: a code to tell cases apart by, and a sentence for whoever added it. */
export const DocumentFailure = z.object({ reason: z.string(), message: z.string() });
export type DocumentFailure = z.infer<typeof DocumentFailure>;

/** Names of nested folders, e.g. `Guides/Sleep`; empty: none. */
const Folder = line(300, 0)
  .refine((path) => path === '' || path.split('/').length <= 10, 'At most ten folders deep.')
  .refine(
    (path) => path === '' || path.split('/').every((name) => name.trim() === name && !['', '.', '..'].includes(name)),
    'Names of folders with / between them.',
  );
const Tags = z
  .array(line(50))
  .max(20)
  .refine((tags) => new Set(tags).size === tags.length, 'Each tag once.');
export const DocumentPlace = z.strictObject({ folder: Folder.default(''), tags: Tags.default([]) });
export type DocumentPlace = z.output<typeof DocumentPlace>;

const body = text(500_000);
const Address = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((url) => !/^\w+:\/\/[^/?#]*@/.test(url), 'An address without a name and password.');

const exactlyOne = { message: 'Give either text or url.', path: ['text'] };

/** Text that is pasted, with its title, or a web address that is fetched. Files are sent as multipart/form-data. */
export const DocumentCreate = z
  .strictObject({ title: line(300).optional(), text: body.optional(), url: Address.optional(), ...DocumentPlace.shape })
  .refine(({ text: pasted, url }) => (pasted === undefined) !== (url === undefined), exactlyOne)
  .refine(({ title, text: pasted }) => pasted === undefined || title !== undefined, {
    message: 'Text needs a title.',
    path: ['title'],
  });
export type DocumentCreate = z.output<typeof DocumentCreate>;

export const DocumentReplace = z
  .strictObject({ text: body.optional(), url: Address.optional() })
  .refine(({ text: pasted, url }) => (pasted === undefined) !== (url === undefined), exactlyOne);
export type DocumentReplace = z.output<typeof DocumentReplace>;

export const DocumentPatch = z.strictObject({
  title: line(300).optional(),
  folder: Folder.optional(),
  tags: Tags.optional(),
});
export type DocumentPatch = z.output<typeof DocumentPatch>;

const documentIds = z
  .array(Id)
  .min(1)
  .max(200)
  .refine((ids) => new Set(ids).size === ids.length, 'Each document once.');
/** One thing done to many documents. `tag` adds tags to those they have. */
export const DocumentsChange = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('delete'), documentIds }),
  z.strictObject({ action: z.literal('move'), documentIds, folder: Folder }),
  z.strictObject({ action: z.literal('tag'), documentIds, tags: Tags.min(1) }),
]);
export type DocumentsChange = z.output<typeof DocumentsChange>;
export const DocumentsChanged = z.object({
  documentIds: z.array(Id).describe('Those it was done to; others are not there any more.'),
});

const source = {
  source: z.enum(['text', 'file', 'url']),
  fileName: z.string().nullable(),
  url: z.string().nullable(),
  bytes: z.number().int().describe('Of the file, or of the text in UTF-8.'),
  format: z.string().nullable().describe('What it turned out to be.'),
  pages: z.number().int().nullable(),
  language: z.string().nullable(),
  length: z.number().int().describe('Of the text, in UTF-16 units.'),
  state: DocumentState,
  failure: DocumentFailure.nullable(),
};

/** What the evaluations of a base find with a new version in the place of the one that is searched, against that one. */
export const WaitingVersion = z.object({
  state: z
    .enum(['pending', 'done', 'failed'])
    .describe('`failed`: an evaluation could not be run; `pending` goes before it.'),
  evaluations: z.number().int(),
  questions: z.number().int(),
  gained: z.number().int().describe('Questions for which an expected document is found further up.'),
  lost: z.number().int(),
});
export type WaitingVersion = z.infer<typeof WaitingVersion>;

export const Document = z.object({
  id: Id,
  title: z.string(),
  folder: z.string(),
  tags: z.array(z.string()),
  version: z.number().int().describe('The newest. What follows is said of it.'),
  ...source,
  readyVersion: z.number().int().nullable().describe('The one that is read and searched until a newer one is ready.'),
  waiting: WaitingVersion.nullable().describe('Of the newest version, while it waits to be published.'),
  chunkCount: z.number().int(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Document = z.infer<typeof Document>;
export const DocumentList = listOf(Document);
export const DocumentText = Document.extend({
  text: z.string().describe('Of the version asked for, or of the one that is ready; empty where there is none yet.'),
  textVersion: z.number().int().nullable(),
  textFormat: z.string().nullable().describe('What the file of that version turned out to be.'),
  pageStarts: z.array(z.number().int()).nullable().describe('Where in the text each page begins, in UTF-16 units.'),
});
export type DocumentText = z.infer<typeof DocumentText>;
/** A stretch of a document, in UTF-16 units of its text. */
export const SurroundingsQuery = z.strictObject({
  start: z.coerce.number().int().min(0).max(100_000_000),
  end: z.coerce.number().int().min(0).max(100_000_000),
});
export const Surroundings = z.object({
  text: z.string().describe('The stretch, at most 4,000 units of it, with whole lines around it.'),
  start: z.number().int().describe('Where `text` begins in the document.'),
  end: z.number().int(),
  page: z.number().int().nullable().describe('The page on which the stretch begins.'),
  version: z.number().int().describe('The version it was read from.'),
  format: z.string().nullable().describe('What the file of that version turned out to be.'),
});
export type Surroundings = z.infer<typeof Surroundings>;
export const DocumentsAdded = z.object({ documents: z.array(Document) });

export const DocumentQuery = NamedPage.extend({
  folder: z.string().max(300).optional().describe('Those in this folder or below it.'),
  tag: z.string().max(50).optional(),
  state: DocumentState.optional(),
});
export type DocumentQuery = z.output<typeof DocumentQuery>;

export const VersionQuery = z.strictObject({ version: z.coerce.number().int().min(1).max(1_000_000).optional() });
export const DocumentVersion = z.object({ version: z.number().int(), ...source, createdAt: Instant });
export type DocumentVersion = z.infer<typeof DocumentVersion>;
export const DocumentVersionList = listOf(DocumentVersion);

export const KnowledgeSearch = z.strictObject({
  query: text(2000),
  limit: z.number().int().min(1).max(100).default(10),
  explain: z.boolean().default(false).describe('With what gave each passage its score, and where the words stand.'),
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
  curated: z.boolean().optional().describe('An approved answer, which is in no document; its title is the question.'),
  channels: z
    .object({
      words: z.number(),
      neighbours: z.number(),
      curated: z.number().optional(),
      embedding: z.number().optional(),
      rerank: z.number().optional(),
    })
    .optional()
    .describe(
      'What its words gave, what those that follow each other as in the question, how like an approved question it is, the cosine of its embedding and that of the question, and how relevant the reranker found it.',
    ),
  highlights: z
    .array(z.object({ start: z.number().int(), end: z.number().int() }))
    .optional()
    .describe('The words asked for, as offsets into `text`.'),
});
export type Passage = z.infer<typeof Passage>;
/** What embeddings did for a search, or why its words answered alone. */
export const EmbeddingReport = z.object({
  used: z.boolean(),
  reason: z
    .enum(['not-set-up', 'not-approved', 'budget-spent', 'failed', 'loading', 'no-vectors', 'too-large', 'quoted'])
    .nullable()
    .describe(
      'No provider makes embeddings; it is not approved; the limit set for AI models is reached; it failed or took too long; the embeddings are still read into memory; there are none yet; they do not fit into it; a phrase in quotation marks is found by its words.',
    ),
  model: z.string().nullable(),
  weight: z
    .number()
    .nullable()
    .describe('What meaning counted beside words, up to 0.5: the less, the less it agrees with what the words found.'),
  search: z
    .enum(['exact', 'index'])
    .nullable()
    .describe('Every embedding was compared; an index of pgvector gave the nearest, which may miss a few.'),
});
export type EmbeddingReport = z.infer<typeof EmbeddingReport>;
/** What a reranker did for a search, or why the order before it stands. */
export const RerankReport = z.object({
  used: z.boolean(),
  reason: z
    .enum(['not-set-up', 'not-approved', 'budget-spent', 'late', 'failed'])
    .nullable()
    .describe(
      'No provider reranks; it is not approved; the limit set for AI models is reached; it took too long; it failed or answered what cannot be understood.',
    ),
  model: z.string().nullable(),
  candidates: z.number().int().describe('How many passages it was given.'),
});
export type RerankReport = z.infer<typeof RerankReport>;
export const KnowledgeResults = z.object({
  results: z.array(Passage),
  embeddings: EmbeddingReport.optional().describe('With `explain`.'),
  reranking: RerankReport.optional().describe('With `explain`.'),
});
export type KnowledgeResults = z.infer<typeof KnowledgeResults>;
