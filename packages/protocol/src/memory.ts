import { z } from 'zod';
import { Id, Instant, Page, line, listOf, text } from './common.ts';
import { memoryStatuses } from './memoryStatus.ts';

/**
 * What a memory is about. What is kept of a persona holds with every client, and so quotes none; what is kept of a thread is
 * told in the sessions that continue it.
 */
export const MemorySubjectKind = z.enum(['client', 'persona', 'thread']);
export type MemorySubjectKind = z.infer<typeof MemorySubjectKind>;

/** `client`: in the client's own words. `inferred`: by a model, from what was said. `staff`: written by the team. */
export const MemoryOrigin = z.enum(['client', 'inferred', 'staff']);
export type MemoryOrigin = z.infer<typeof MemoryOrigin>;

export const MemoryStatus = z.enum(memoryStatuses);
export type MemoryStatus = z.infer<typeof MemoryStatus>;

/** `sensitive`: of the kind that the law protects most. It goes into a prompt only where the organisation allows it. */
export const Sensitivity = z.enum(['normal', 'sensitive']);
export type Sensitivity = z.infer<typeof Sensitivity>;

/** What changed with a revision. */
export const MemoryChange = z.enum(['proposed', 'written', 'approved', 'rejected', 'superseded', 'retired', 'changed']);
export type MemoryChange = z.infer<typeof MemoryChange>;

const offset = z.number().int().min(0).max(1_000_000);

/** A piece of a message, word for word. Offsets are UTF-16 units; `end` is the first that does not belong to it. */
export const Quote = z
  .strictObject({ messageId: Id, start: offset, end: offset, quote: z.string().min(1).max(4000) })
  .refine(({ start, end, quote }) => end - start === quote.length, {
    path: ['quote'],
    message: 'The quote is as long as its range.',
  });
export type Quote = z.infer<typeof Quote>;

export const ReferenceKind = z.enum(['message', 'document', 'memory']);
export const ReferenceRelation = z.enum(['supports', 'contradicts', 'supersedes']);
export const MemoryReference = z.strictObject({ kind: ReferenceKind, id: Id, relation: ReferenceRelation });
export type MemoryReference = z.infer<typeof MemoryReference>;
const PlacedReference = z.object({
  ...MemoryReference.shape,
  within: Id.nullable().describe(
    'The session of a message, the knowledge base of a document; null: gone, or a memory.',
  ),
});
export type PlacedReference = z.infer<typeof PlacedReference>;

const Statement = text(2000);
const tags = z
  .array(line(60))
  .max(20)
  .refine((all) => new Set(all).size === all.length, 'Each tag once.');
const salience = z.number().int().min(1).max(5);
const validity = {
  validFrom: Instant.nullable().optional().describe('null: from ever on.'),
  validTo: Instant.nullable()
    .optional()
    .describe('From this instant on it holds no more; null: until somebody says so.'),
};

export const MemoryCreate = z.strictObject({
  statement: Statement,
  origin: z.enum(['client', 'staff']).default('staff').describe('`client`: the statement is one of its quotes.'),
  evidence: z.array(Quote).max(20).default([]),
  references: z.array(MemoryReference).max(50).default([]),
  tags: tags.default([]),
  sensitivity: Sensitivity.default('normal'),
  salience: salience.default(3).describe('How much it matters beside what it is about, from 1 to 5.'),
  ...validity,
});
export type MemoryCreate = z.input<typeof MemoryCreate>;

export const MemoryCorrect = z.strictObject({
  statement: Statement,
  evidence: z.array(Quote).max(20).default([]),
});

export const MemoryPatch = z.strictObject({
  threadId: Id.nullable()
    .optional()
    .describe('While it is proposed: the thread of its client that it is about; null: it is about the client.'),
  tags: tags.optional(),
  sensitivity: Sensitivity.optional(),
  salience: salience.optional(),
  ...validity,
});

export const MemoryEvidence = z.object({
  sessionId: Id,
  messageId: Id,
  start: z.number().int(),
  end: z.number().int(),
  quote: z.string(),
});
export type MemoryEvidence = z.infer<typeof MemoryEvidence>;

export const Memory = z.object({
  id: Id,
  subject: z.object({ kind: MemorySubjectKind, id: Id }),
  clientId: Id.nullable().describe('Whose it is, also where it is about a thread; null: about a persona.'),
  statement: z.string(),
  origin: MemoryOrigin,
  status: MemoryStatus,
  revision: z.number().int(),
  tags: z.array(z.string()),
  sensitivity: Sensitivity,
  salience: z.number().int(),
  validFrom: Instant.nullable(),
  validTo: Instant.nullable(),
  evidence: z.array(MemoryEvidence),
  references: z.array(PlacedReference),
  mayContradict: z
    .array(z.object({ id: Id, statement: z.string() }))
    .optional()
    .describe('In the list of what is proposed: what rules think it may contradict. A hint, and never a decision.'),
  approvedBy: Id.nullable().describe('null: nobody yet, or the policy of the organisation.'),
  approvedAt: Instant.nullable(),
  createdAt: Instant,
  changedAt: Instant,
});
export type Memory = z.infer<typeof Memory>;
export const MemoryList = listOf(Memory);

export const MemoryQuery = Page.extend({
  status: MemoryStatus.optional(),
  at: Instant.optional().describe('As it stood at this instant.'),
});
export type MemoryQuery = z.infer<typeof MemoryQuery>;

export const MemoryRevision = z.object({
  revision: z.number().int(),
  change: MemoryChange,
  status: MemoryStatus,
  tags: z.array(z.string()),
  sensitivity: Sensitivity,
  salience: z.number().int(),
  validFrom: Instant.nullable(),
  validTo: Instant.nullable(),
  by: z.enum(['staff', 'client', 'system']),
  userId: Id.nullable(),
  at: Instant,
});
export type MemoryRevision = z.infer<typeof MemoryRevision>;
export const MemoryHistory = z.object({ items: z.array(MemoryRevision) });

/** What an organisation lets memories do. */
export const MemoryPolicy = z.strictObject({
  propose: z
    .enum(['never', 'rules', 'model'])
    .describe('Who proposes when a session ends; `model`: the rules and a model.'),
  autoApprove: z.boolean().describe('What clients say in so many words holds without a person’s approval.'),
  recallSensitive: z.boolean().describe('Sensitive memories go into prompts, too.'),
  budgetTokens: z.number().int().min(0).max(8000).describe('At most so much of a prompt; 0: nothing is recalled.'),
});
export type MemoryPolicy = z.infer<typeof MemoryPolicy>;

/** Of the memories that the persona may tell, what the client's own page shows. */
export const OwnMemory = z.object({
  id: Id,
  statement: z.string(),
  status: z.enum(['proposed', 'approved']),
  origin: MemoryOrigin,
  quotes: z.array(z.string()).describe('Those that stand in the conversation at hand.'),
  changedAt: Instant,
});
export type OwnMemory = z.infer<typeof OwnMemory>;
export const OwnMemories = z.object({ items: z.array(OwnMemory) });
export const OwnCorrection = z.strictObject({ statement: Statement });

/** By what of it a memory was found for a turn. */
export const MemoryChannel = z.enum(['words', 'meaning', 'both']);
export type MemoryChannel = z.infer<typeof MemoryChannel>;

/** What a reply was given beside the conversation, the most relevant first. */
export const ReplyContext = z.object({
  memories: z.array(
    z.object({
      id: Id,
      statement: z.string(),
      score: z.number(),
      by: MemoryChannel.nullable().describe('null: from before this was written down.'),
    }),
  ),
  passages: z.array(
    z.object({ documentId: Id, title: z.string(), text: z.string(), start: z.number().int(), end: z.number().int() }),
  ),
});
export type ReplyContext = z.infer<typeof ReplyContext>;
