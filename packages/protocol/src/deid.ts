import { z } from 'zod';
import { Id, Instant, line, text, listOf } from './common.ts';
import { Author } from './sessions.ts';

/** `anonymised` links nothing; `pseudonymised` calls the same person the same over all exports of the organisation. */
export const DeidForm = z.enum(['anonymised', 'pseudonymised']);
export type DeidForm = z.infer<typeof DeidForm>;

export const deidMostSessions = 50;

export const DeidCreate = z
  .strictObject({
    form: DeidForm,
    purpose: z.enum(['research', 'sharing']).default('research').describe('Clients who have not agreed are left out.'),
    sessionIds: z.array(Id).min(1).max(deidMostSessions).optional(),
    pick: z
      .strictObject({ personaId: Id.optional(), from: z.iso.date().optional(), to: z.iso.date().optional() })
      .optional()
      .describe(`Instead of ids: the newest ${deidMostSessions} sessions of a persona or of some days.`),
    terms: z
      .array(line(200))
      .max(200)
      .default([])
      .describe('Taken out wherever they stand, e.g. what a reviewer found.'),
  })
  .refine((body) => (body.sessionIds === undefined) !== (body.pick === undefined), {
    path: ['sessionIds'],
    message: 'Name sessions, or say which to pick.',
  });
export type DeidCreate = z.input<typeof DeidCreate>;

const Person = z.object({ id: Id, name: z.string() });

export const DeidExport = z.object({
  id: Id,
  form: DeidForm,
  purpose: z.enum(['research', 'sharing']),
  status: z.enum(['waiting', 'approved', 'rejected']),
  sessions: z.number().int(),
  leftOut: z.number().int().describe('Sessions whose client has not agreed.'),
  createdBy: Person,
  createdAt: Instant,
  reviewedBy: Person.nullable(),
  reviewedAt: Instant.nullable(),
  remark: z.string(),
});
export type DeidExport = z.infer<typeof DeidExport>;
export const DeidExportList = listOf(DeidExport);

/** A piece of a message: kept, or taken out, with what stood there while the export waits for its reviewer. */
export const DeidPiece = z.union([
  z.object({ text: z.string() }),
  z.object({ original: z.string(), replacement: z.string(), category: z.string() }),
]);
export type DeidPiece = z.infer<typeof DeidPiece>;

export const DeidItem = z.object({
  ordinal: z.number().int(),
  messages: z.array(z.object({ author: Author, pieces: z.array(DeidPiece) })),
});
export type DeidItem = z.infer<typeof DeidItem>;
export const DeidItemList = listOf(DeidItem);

/** A reviewer is another person than the one who prepared the export. */
export const DeidDecision = z.strictObject({ approved: z.boolean(), remark: text(2000, 0).default('') });
