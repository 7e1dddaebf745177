import { z } from 'zod';
import { Id, Instant, Page, line, listOf, text } from './common.ts';

/** A client on record, or a session that was held with nobody on record. */
export const SubjectKind = z.enum(['client', 'session']);
export const Subject = z.strictObject({ kind: SubjectKind, id: Id });
export type Subject = z.infer<typeof Subject>;

/** Rows by category and table. */
export const RowCounts = z.record(z.string(), z.record(z.string(), z.number().int()));
export type RowCounts = z.infer<typeof RowCounts>;

export const LegalHold = z.object({
  id: Id,
  subject: Subject,
  name: z.string(),
  reason: z.string(),
  placedAt: Instant,
  liftedAt: Instant.nullable(),
  liftReason: z.string().nullable(),
});
export type LegalHold = z.infer<typeof LegalHold>;
export const LegalHoldList = listOf(LegalHold);
export const LegalHoldCreate = z.strictObject({ subject: Subject, reason: text(2000) });
export const LegalHoldLift = z.strictObject({ reason: text(2000) });
export const LegalHoldQuery = Page.extend({ state: z.enum(['active', 'all']).default('active') });

/** What is stored of somebody, and what keeps it from being erased. */
export const StoredRecord = z.object({
  subject: Subject,
  name: z.string(),
  counts: RowCounts,
  sessions: z.number().int(),
  running: z.number().int().describe('Replies being made now; an erasure stops them.'),
  holds: z.array(LegalHold),
  keyed: z.boolean().describe('Sealed under a key of its own, which an erasure destroys.'),
});
export type StoredRecord = z.infer<typeof StoredRecord>;

export const ErasureStatus = z.enum(['running', 'refused', 'erased', 'done']);

/** `confirm` is the name of whom to erase, typed by hand. */
export const ErasureCreate = z.strictObject({ subject: Subject, confirm: line(400) });

export const Erasure = z.object({
  id: Id,
  subject: Subject,
  status: ErasureStatus,
  counts: RowCounts.nullable(),
  startedAt: Instant,
  erasedAt: Instant.nullable(),
  hasReceipt: z.boolean(),
});
export type Erasure = z.infer<typeof Erasure>;
export const ErasureList = listOf(Erasure);

/** Names nobody: ids, counts and hashes. */
export const ErasureReceipt = z.strictObject({
  format: z.literal('rapport-erasure-receipt'),
  version: z.literal(1),
  erasure: Id,
  organisation: Id,
  subject: Subject,
  requestedBy: Id,
  startedAt: Instant,
  erasedAt: Instant,
  counts: RowCounts,
  answersForgotten: z.number().int().describe('Remembered answers to requests that named the erased.'),
  keysDestroyed: z.number().int().describe('0 for a session with nobody on record: it has no key of its own.'),
  ledger: z.strictObject({ seq: z.number().int(), hash: z.string() }),
  files: z.strictObject({
    rewritten: z
      .array(z.string())
      .describe('Tables whose files were written anew, so that no removed row is left in them.'),
    postponed: z
      .array(z.string())
      .describe('Tables too large to be written anew while the server runs, or held by others.'),
    logCut: z.boolean().describe('The write-ahead log from before the erasure was given up.'),
  }),
});
export type ErasureReceipt = z.infer<typeof ErasureReceipt>;

/** `signature`: Ed25519 over the bytes of `signed`, as base64; `publicKey`: PEM. */
export const SignedReceipt = z.strictObject({
  receipt: ErasureReceipt,
  signed: z.string(),
  signature: z.string(),
  publicKey: z.string(),
});
export type SignedReceipt = z.infer<typeof SignedReceipt>;

export const SigningKey = z.object({
  publicKey: z.string().describe('PEM'),
  fingerprint: z.string().describe('SHA-256 of it, hexadecimal'),
});
export type SigningKey = z.infer<typeof SigningKey>;

/** A client's wish to be erased, which staff decide on. */
export const ErasureRequest = z.object({
  id: Id,
  subject: Subject,
  name: z.string(),
  status: z.enum(['open', 'withdrawn', 'declined']),
  answer: z.string().nullable(),
  createdAt: Instant,
  decidedAt: Instant.nullable(),
});
export type ErasureRequest = z.infer<typeof ErasureRequest>;
export const ErasureRequestList = listOf(ErasureRequest);
export const ErasureRequestQuery = Page.extend({ status: z.enum(['open', 'all']).default('open') });
export const ErasureRequestDecline = z.strictObject({ answer: text(2000) });

/** What somebody is shown of what is stored about them. */
export const OwnRecord = z.object({
  name: z.string(),
  categories: z.array(z.object({ category: z.string(), rows: z.number().int() })),
  sessions: z.number().int(),
  request: ErasureRequest.pick({ status: true, answer: true, createdAt: true, decidedAt: true }).nullable(),
});
export type OwnRecord = z.infer<typeof OwnRecord>;

export const PersonImported = z.object({ clientId: Id, sessions: z.number().int(), messages: z.number().int() });
export type PersonImported = z.infer<typeof PersonImported>;
