import { z } from 'zod';
import { Id, Instant, Page, line, listOf, search, text } from './common.ts';

export const ThreadStatus = z.enum(['open', 'paused', 'done']);
export type ThreadStatus = z.infer<typeof ThreadStatus>;

const fields = {
  name: line(120),
  description: text(4000, 0).describe('For the team; never part of a prompt.'),
  stage: line(60, 0).describe('Where the work stands, in the team’s own words.'),
  status: ThreadStatus,
  tags: z.array(line(40)).max(20),
  folderId: Id.nullable().describe('null: in no folder.'),
  goalIds: z.array(Id).max(12).describe('Goals of the client that it serves.'),
};
const revision = z.int().min(0).max(2_147_483_647).describe('As it was read.');

export const ThreadCreate = z.strictObject({
  ...fields,
  description: fields.description.default(''),
  stage: fields.stage.default(''),
  status: fields.status.default('open'),
  tags: fields.tags.default([]),
  folderId: fields.folderId.default(null),
  goalIds: fields.goalIds.default([]),
});
export type ThreadCreate = z.input<typeof ThreadCreate>;
export const ThreadPatch = z.strictObject(fields).partial().extend({ revision });
export type ThreadPatch = z.infer<typeof ThreadPatch>;

/** A line of work with a client over several sessions. */
export const Thread = z.object({
  id: Id,
  client: z.object({ id: Id, name: z.string() }),
  name: z.string(),
  description: z.string(),
  stage: z.string(),
  status: ThreadStatus,
  tags: z.array(z.string()),
  folderId: Id.nullable(),
  goalIds: z.array(Id),
  revision: z.int(),
  createdBy: Id,
  changedBy: Id,
  createdAt: Instant,
  updatedAt: Instant,
});
export type Thread = z.infer<typeof Thread>;
export const ThreadList = listOf(Thread).describe('A page may hold fewer than asked for, and still have a `next`.');

const filters = {
  q: search.describe('Part of the name.'),
  status: ThreadStatus.optional(),
  tag: line(40).optional().describe('Those that have this whole tag.'),
};
export const ClientThreadQuery = Page.extend(filters);
export const ThreadQuery = Page.extend({
  ...filters,
  clientId: Id.optional(),
  folder: z
    .union([Id, z.literal('none')])
    .optional()
    .describe('Those in this folder and below it; `none`: in none.'),
});
export type ThreadQuery = z.infer<typeof ThreadQuery>;

/** Folders are the whole organisation’s, and say nothing about anybody. */
export const ThreadFolder = z.object({
  id: Id,
  parentId: Id.nullable().describe('null: at the top.'),
  name: z.string(),
  revision: z.int(),
});
export type ThreadFolder = z.infer<typeof ThreadFolder>;
export const ThreadFolderList = listOf(ThreadFolder);
export const ThreadFolderCreate = z.strictObject({ name: line(80), parentId: Id.nullable().default(null) });
export type ThreadFolderCreate = z.output<typeof ThreadFolderCreate>;
export const ThreadFolderPatch = z.strictObject({
  name: line(80).optional(),
  parentId: Id.nullable().optional(),
  revision,
});
export type ThreadFolderPatch = z.infer<typeof ThreadFolderPatch>;
export const ThreadFolderDelete = z.strictObject({
  contents: z.enum(['keep', 'up']).default('keep').describe('`up`: what is in it moves to where it was.'),
});

export const ThreadMemoryParams = z.strictObject({ id: Id, memoryId: Id });
