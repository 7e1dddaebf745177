import { z } from 'zod';
import { Id, Instant as AnyInstant, line, text } from './common.ts';
import { Purpose } from './consents.ts';
import { Audience, EventActor } from './events.ts';
import { GoalPut } from './goals.ts';
import { ReplyStatus, Usage } from './inference.ts';
import { MemoryChange, MemoryOrigin, MemoryStatus, Sensitivity } from './memory.ts';
import { RatingPut } from './plan.ts';
import { InstrumentId, itemsOf } from './questionnaires.ts';
import { ReportSection, ReportStatus } from './reports.ts';
import { Author, Citation, SessionStatus } from './sessions.ts';
import { Rung } from './supervision.ts';
import { ThreadStatus } from './threads.ts';

// eslint-disable-next-line no-control-regex -- the control characters are what the rule refuses
const unsafe = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;
const label = (max = 400) =>
  z
    .string()
    .max(max)
    .refine((value) => !unsafe.test(value) && value.isWellFormed(), 'Control characters are not allowed.');
const said = z.string().max(1_000_000);
const count = z.number().int().min(0).max(2_000_000_000);
const seq = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const milliseconds = count.nullable();
const engine = z.strictObject({ id: label(), label: label(), model: label() });
const actor = z.strictObject({ kind: EventActor.shape.kind, id: label().nullable(), name: label().nullable() });
// An archive may come from anybody, and a database has no year 0.
const Instant = AnyInstant.refine((at) => at >= '1900' && at < '3000', 'A year between 1900 and 2999.');

export const PersonMessage = z.strictObject({
  id: Id,
  seq,
  author: Author,
  text: said,
  replyId: Id.nullable(),
  replyStatus: ReplyStatus.nullable(),
  engine: engine.nullable(),
  citations: z.array(Citation.strict()).max(1000),
  superseded: z.boolean(),
  createdAt: Instant,
});

export const PersonEvent = z.strictObject({
  seq,
  type: z.string().max(100),
  audience: Audience,
  actor,
  at: Instant,
  data: z.record(z.string(), z.unknown()),
});

export const PersonReply = z.strictObject({
  id: Id,
  status: ReplyStatus,
  audience: Audience,
  replyTo: Id.nullable(),
  replaces: Id.nullable(),
  engine,
  length: count,
  usage: Usage.strict().nullable(),
  costMicroUsd: z.number().int().min(0).max(1e15).nullable(),
  firstTokenMs: milliseconds,
  durationMs: milliseconds,
  fault: label().nullable(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
});

export const PersonInvitation = z.strictObject({
  alias: label().nullable(),
  createdAt: Instant,
  expiresAt: Instant,
  acceptedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
  devices: z.array(z.strictObject({ alias: label().nullable(), createdAt: Instant })).max(1000),
});

export const PersonConsent = z.strictObject({
  purpose: Purpose,
  given: z.boolean(),
  version: count,
  language: label(35),
  method: z.enum(['chat', 'paper', 'import']),
  note: said.nullable(),
  saidAt: Instant,
});
export type PersonConsent = z.infer<typeof PersonConsent>;

export const PersonMemory = z.strictObject({
  statement: said,
  origin: MemoryOrigin,
  status: MemoryStatus,
  tags: z.array(label()).max(20),
  sensitivity: Sensitivity,
  salience: z.number().int().min(1).max(5),
  validFrom: Instant.nullable(),
  validTo: Instant.nullable(),
  createdAt: Instant,
  threadId: Id.nullable().default(null).describe('Of the thread that it is about.'),
  evidence: z.array(z.strictObject({ sessionId: Id, messageId: Id, start: count, end: count, quote: said })).max(100),
  revisions: z.array(z.strictObject({ change: MemoryChange, status: MemoryStatus, at: Instant })).max(10_000),
});
export type PersonMemory = z.infer<typeof PersonMemory>;

/** What the team reported about them: handed out, and never imported, because people of another house stand for it. */
export const PersonReport = z.strictObject({
  id: Id,
  sessionId: Id.nullable().describe('null: on the client over their sessions.'),
  // Absent from archives that were made before there were any.
  threadId: Id.nullable().default(null).describe('Of the thread whose sessions it is on.'),
  title: label(),
  status: ReportStatus,
  sections: z.array(ReportSection.strict()).max(100),
  leftOut: count,
  createdBy: label(),
  createdAt: Instant,
  updatedAt: Instant,
  approvedBy: label().nullable(),
  approvedAt: Instant.nullable(),
});
export type PersonReport = z.infer<typeof PersonReport>;

/** What a model was asked about them, each point with their words that it rests on. Never imported either. */
export const PersonInsight = z.strictObject({
  kind: z.enum(['summary', 'tone']),
  sessionId: Id.nullable(),
  threadId: Id.nullable(),
  engine,
  askedBy: label(),
  askedAt: Instant,
  points: z.array(z.strictObject({ sessionId: Id, seq, at: Instant, quote: said, text: said })).max(1000),
});
export type PersonInsight = z.infer<typeof PersonInsight>;

const questionnaires = z
  .array(
    z
      .strictObject({
        id: Id.optional(),
        instrument: InstrumentId,
        answers: z.array(z.int().min(0).max(3)),
        filledBy: z.enum(['client', 'staff']),
        createdAt: Instant,
        answeredAt: Instant,
      })
      .refine(({ instrument, answers }) => answers.length === itemsOf[instrument], 'One answer for each item.'),
  )
  .max(10_000)
  .default([]);

/** Shared with the team; what was private to its author, and psychotherapy notes, are in no archive. */
const notes = z
  .array(z.strictObject({ text: said, createdAt: Instant, updatedAt: Instant }))
  .max(100_000)
  .default([]);

export const PersonSession = z.strictObject({
  id: Id,
  title: label(),
  status: SessionStatus,
  policy: Rung,
  personaPolicy: Rung,
  persona: z.strictObject({
    id: Id,
    name: line(120),
    role: line(200),
    version: z.number().int().min(1).max(1_000_000),
  }),
  threadId: Id.nullable().default(null).describe('One of the client’s threads, which it continued.'),
  alias: label().nullable(),
  clientJoined: z.boolean(),
  engine: engine.nullable(),
  summary: z.strictObject({ text: said, through: count }).nullable(),
  createdAt: Instant,
  lastActivityAt: Instant,
  endedAt: Instant.nullable(),
  messages: z.array(PersonMessage).max(200_000),
  events: z.array(PersonEvent).max(1_000_000),
  guidance: z.array(z.strictObject({ id: Id, seq, text: said, createdAt: Instant })).max(100_000),
  notes,
  replies: z.array(PersonReply).max(200_000),
  invitations: z.array(PersonInvitation).max(10_000),
  // Absent from archives that were made before there were any.
  timer: z
    .strictObject({ minutes: z.int().min(1).max(1440), endsAt: Instant, closes: z.boolean() })
    .nullable()
    .default(null),
  goalIds: z.array(Id).max(12).default([]).describe('Of the client’s goals, those it worked towards.'),
  rating: RatingPut.nullable().default(null),
  questionnaires: questionnaires.describe('Those that were answered in it.'),
});
export type PersonSession = z.infer<typeof PersonSession>;

/** The profile of somebody on record. */
const PersonClient = z.strictObject({
  id: Id,
  name: line(120),
  language: line(35),
  about: said,
  // Absent from archives that were made before there were any.
  contact: text(500, 0).default(''),
  tags: z.array(line(40)).max(20).default([]),
  riskFactors: z.array(line(200)).max(30).default([]),
  goals: z
    .array(GoalPut.extend({ id: Id.optional(), createdAt: Instant, updatedAt: Instant }))
    .max(1000)
    .default([]),
  threads: z
    .array(
      z.strictObject({
        id: Id,
        name: line(120),
        description: said,
        stage: label(60),
        status: ThreadStatus,
        tags: z.array(line(40)).max(20),
        goalIds: z.array(Id).max(12),
        createdAt: Instant,
        updatedAt: Instant,
      }),
    )
    .max(10_000)
    .default([]),
  notes,
  questionnaires: questionnaires.describe('Those that were answered beside any session.'),
  createdAt: Instant,
  updatedAt: Instant,
});
export type ArchivedClient = z.infer<typeof PersonClient>;

/**
 * `person.json` of an export: everything that is stored about somebody. `audience` `all` is what they download themselves:
 * without guidance, replies' figures and what only the team may see.
 */
export const PersonArchive = z.strictObject({
  format: z.literal('rapport-person'),
  version: z.literal(1),
  exportedAt: Instant,
  organisation: label(),
  audience: Audience,
  client: PersonClient.nullable().describe('null: a session that was held with nobody on record.'),
  consents: z.array(PersonConsent).max(100_000).describe('What they agreed to and when, oldest first.'),
  memories: z.array(PersonMemory).max(100_000).default([]).describe('What is remembered about them, oldest first.'),
  reports: z.array(PersonReport).max(100_000).default([]).describe('What the team reported about them, oldest first.'),
  insights: z
    .array(PersonInsight)
    .max(100_000)
    .default([])
    .describe('What a model was asked about them, oldest first.'),
  sessions: z.array(PersonSession).max(20_000),
});
export type PersonArchive = z.infer<typeof PersonArchive>;
