import { z } from 'zod';
import { auditActNames } from './auditActs.ts';
import { Id, Instant, listOf, Page } from './common.ts';

export const AuditEntry = z.object({
  seq: z.number().int().describe('Without gaps within the organisation.'),
  at: Instant,
  actor: z.object({
    kind: z.enum(['staff', 'client', 'system', 'nobody']),
    id: Id.nullable(),
    key: Id.nullable().describe('The API key that a member acted through.'),
    name: z.string().nullable(),
  }),
  act: z.string().describe('A code of the catalogue of acts.'),
  subjects: z.array(z.object({ kind: z.string(), id: Id })),
  outcome: z.string().describe('`done`, or the code of the error that was answered.'),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
export const AuditList = listOf(AuditEntry);

const filter = {
  act: z.enum(auditActNames).optional(),
  actorId: Id.optional(),
  subjectId: Id.optional(),
  from: Instant.optional().describe('At or after.'),
  to: Instant.optional().describe('Before.'),
};
export const AuditQuery = Page.extend(filter);
export type AuditQuery = z.infer<typeof AuditQuery>;
export const AuditExportQuery = z.strictObject({ ...filter, format: z.enum(['csv', 'jsonl']).default('csv') });
export type AuditExportQuery = z.infer<typeof AuditExportQuery>;

/** A signed statement of how far the log reached, kept where nobody who can change the log can change it. */
export const AuditCheckpoint = z.object({
  v: z.literal(1),
  org: Id,
  n: z.number().int().positive(),
  at: Instant,
  from: z.number().int().positive(),
  to: z.number().int().positive(),
  head: z.string().describe('Hash of the entry `to`, hex.'),
  root: z.string().describe('Merkle root (RFC 6962) over the hashes of the entries `from` to `to`, hex.'),
  prev: z.string().describe('SHA-256 of the canonical form of the checkpoint before, hex.'),
  key: z.string().describe('Which key signed.'),
  publicKey: z.string().describe('Ed25519, SPKI, base64url.'),
  signature: z.string().describe('Ed25519 over the canonical JSON of all other fields, base64url.'),
});
export type AuditCheckpoint = z.infer<typeof AuditCheckpoint>;

export const AuditFinding = z.object({
  kind: z.enum(['changed', 'removed', 'reordered', 'truncated', 'checkpoint', 'key']),
  seq: z.number().int().nullable(),
  text: z.string(),
});
export type AuditFinding = z.infer<typeof AuditFinding>;

export const AuditVerdict = z.object({
  entries: z.number().int(),
  verifiedTo: z.number().int().describe('The last entry up to which nothing was found; 0: none.'),
  checkpointedTo: z.number().int().describe('The last entry that a signed checkpoint covers; 0: none.'),
  at: Instant,
  findings: z.array(AuditFinding),
});
export type AuditVerdict = z.infer<typeof AuditVerdict>;

export const AuditState = z.object({
  lastSeq: z.number().int(),
  checkpointedTo: z.number().int(),
  checkpointAt: Instant.nullable(),
  sinks: z.array(z.object({ name: z.string(), shippedTo: z.number().int(), failing: z.boolean() })),
});
export type AuditState = z.infer<typeof AuditState>;
