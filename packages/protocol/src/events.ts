import { z } from 'zod';
import { Claim } from './claims.ts';
import { Id, Instant } from './common.ts';
import { Purpose } from './consents.ts';
import { EngineName, Usage } from './inference.ts';
import { PackNames } from './packs.ts';
import { DocumentFailure, DocumentState } from './knowledge.ts';
import { InstrumentId, QuestionnaireState } from './questionnaires.ts';
import { EscalationKind, NoticeKind, RiskCategory, RiskFinding, RiskLevel } from './safety.ts';
import { Author, Citation } from './sessions.ts';
import { HeldRung, ReviewReason, Rung } from './supervision.ts';

export const Audience = z.enum(['all', 'staff']);
export type Audience = z.infer<typeof Audience>;

/** Who acted, as others may see it. */
export const EventActor = z.object({
  kind: z.enum(['staff', 'client', 'persona', 'system']),
  id: z.string().nullable(),
  name: z.string().nullable(),
});
export type EventActor = z.infer<typeof EventActor>;

const reply = z.object({ replyId: Id });
const ended = reply.extend({ text: z.string().describe('What had been made by then; empty when nothing was.') });

const escalation = z.object({ escalationId: Id });

/** `text` stands at `offset` (UTF-16 units) of the reply. */
const TextPiece = z.object({ replyId: Id, offset: z.number().int(), text: z.string() });

const document = { documentId: Id, version: z.number().int() };

/** The durable event types of the rooms of sessions and knowledge bases, and the shape of each one's `data`. */
export const eventData = {
  'message.created': z.object({
    messageId: Id,
    author: Author,
    text: z.string(),
    replyId: Id.nullable().optional(),
    engine: EngineName.nullable().optional(),
    citations: z.array(Citation).optional(),
    replaces: Id.nullable().optional().describe('The message this one takes the place of, after a regenerate.'),
  }),
  'reply.started': reply.extend({
    engine: EngineName,
    replyTo: Id.nullable(),
    held: HeldRung.optional().describe(
      'The client reads it when it is released; absent where it is shown as it is made.',
    ),
  }),
  'reply.completed': reply.extend({ messageId: Id, finishReason: z.string(), usage: Usage.optional() }),
  'reply.checked': reply
    .extend({ messageId: Id, claims: z.array(Claim) })
    .describe('Each sentence that cited something, compared with it; the marks of those that are not found are gone.'),
  'reply.stopped': ended.extend({ messageId: Id.nullable() }),
  'reply.interrupted': ended,
  'reply.failed': ended.extend({
    fault: z.string(),
    message: z.string(),
    replyTo: Id.nullable().optional().describe('For a reply that could not even begin: what it would have answered.'),
  }),
  'reply.held': ended.extend({ text: z.string().describe('What the client had seen by then.') }),
  'reply.released': TextPiece,
  'reply.delayed': reply.describe('A person will answer: nobody has decided on the draft in time.'),
  'draft.ready': reply.extend({ text: z.string() }),
  'draft.edited': reply.extend({ revision: z.number().int() }),
  'review.claimed': reply.extend({ userId: Id.nullable() }),
  'review.overdue': reply,
  'review.decided': reply.extend({
    decision: z.enum(['released', 'rejected', 'discarded']),
    reasons: z.array(ReviewReason),
    note: z.string(),
    editDistance: z.number().int().nullable().describe('Characters changed between the draft and what was released.'),
  }),
  'policy.changed': z.object({ policy: Rung, rung: Rung }),
  'packs.changed': z
    .object({ changeId: Id, packs: PackNames })
    .describe('Which jurisdiction packs, in which versions, the organisation is under from here on.'),
  'safety.changed': z
    .object({})
    .describe('What the organisation sets about safety and guesses of emotion has changed.'),
  'flag.raised': z.object({
    flagId: Id,
    messageId: Id.nullable(),
    replyId: Id.nullable(),
    questionnaireId: Id.nullable().optional().describe('Found in an answer; the offsets are of the answer in words.'),
    level: RiskLevel,
    category: RiskCategory,
    findings: z.array(RiskFinding).describe('Offsets are of the message, or of the reply as far as it was made.'),
  }),
  'escalation.raised': escalation.extend({ kind: EscalationKind, category: RiskCategory.nullable(), dueAt: Instant }),
  'escalation.paged': escalation.extend({ number: z.number().int(), missed: z.boolean(), fallback: z.boolean() }),
  'escalation.acknowledged': escalation,
  'escalation.resolved': escalation,
  'session.escalated': z.object({}).describe('The persona stops here; a person has been called.'),
  'person.requested': z.object({}),
  'notice.shown': z
    .object({ noticeId: Id, kind: NoticeKind, language: z.string(), version: z.number().int(), text: z.string() })
    .describe('A text of the house, written by people, shown to the client as it stands.'),
  'guidance.given': z.object({ guidanceId: Id, text: z.string() }),
  'session.created': z.object({ sessionId: Id }),
  'session.paused': z.object({}),
  'session.resumed': z.object({}),
  'session.taken-over': z.object({}),
  'session.handed-back': z.object({}),
  'session.ended': z.object({}),
  'session.timer': z.object({ endsAt: Instant.nullable() }),
  'session.time-up': z.object({}).describe('The planned time is over.'),
  'session.goals': z.object({ goalIds: z.array(Id) }),
  'session.thread': z.object({ threadId: Id.nullable() }).describe('Which thread it continues.'),
  'session.rated': z.object({ effectiveness: z.int(), engagement: z.int(), progress: z.int() }),
  'session.transferred': z.object({ fromId: Id, toId: Id, to: z.string() }),
  'session.questionnaire': z
    .object({ questionnaireId: Id, instrument: InstrumentId, state: QuestionnaireState })
    .describe('The client is asked to fill one in, has done so, or is asked no longer.'),
  'consent.changed': z.object({ purpose: Purpose, given: z.boolean() }),
  'client.joined': z.object({ alias: z.string().nullable() }),
  'document.added': z.object({ ...document, title: z.string(), state: DocumentState }),
  'document.progress': z.object({
    ...document,
    state: DocumentState,
    fraction: z.number().min(0).max(1).nullable().describe('How much of this state is done, where it can be told.'),
  }),
  'document.ready': z.object({ ...document, title: z.string(), chunkCount: z.number().int() }),
  'document.discarded': z
    .object(document)
    .describe('A version that waited was deleted; the one that is searched stays.'),
  'document.failed': z.object({ ...document, title: z.string(), failure: DocumentFailure }),
  'document.changed': z.object({ documentId: Id, title: z.string(), folder: z.string(), tags: z.array(z.string()) }),
  'document.deleted': z.object({ documentId: Id }),
  'evaluation.ended': z.object({ evaluationId: Id, runId: Id }),
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof eventData;
export type EventData<T extends EventType> = z.infer<(typeof eventData)[T]>;

export const RoomEvent = z.object({
  seq: z.number().int(),
  type: z.string(),
  audience: Audience,
  actor: EventActor,
  at: Instant,
  data: z.record(z.string(), z.unknown()),
});
export type RoomEvent = z.infer<typeof RoomEvent>;

export const EventQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  wait: z.coerce.number().int().min(0).max(60).default(0).describe('Seconds to wait for an event when there is none.'),
});

/**
 * A page of the log. `next` is the `after` of the following request. `reset` says that the log no longer reaches back
 * to `after`: fetch the state anew and go on from `next`. `running` are the replies being made, with the text so far.
 */
export const EventPage = z.object({
  events: z.array(RoomEvent),
  next: z.number().int(),
  reset: z.boolean(),
  running: z.array(z.object({ replyId: Id, offset: z.number().int(), text: z.string() })),
});
export type EventPage = z.infer<typeof EventPage>;

/** Tokens of a running reply. */
export const TextDelta = TextPiece;
export type TextDelta = z.infer<typeof TextDelta>;
