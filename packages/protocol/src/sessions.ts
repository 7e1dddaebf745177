import { z } from 'zod';
import { Claim } from './claims.ts';
import { Id, Instant, Page, line, listOf, search, text } from './common.ts';
import { EngineName, ReplyStatus, Usage } from './inference.ts';
import { Rung } from './supervision.ts';

export const SessionStatus = z.enum(['active', 'paused', 'ended']);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const SessionCreate = z.strictObject({
  personaId: Id,
  clientId: Id.optional(),
  threadId: Id.optional().describe('A thread of the client that it continues.'),
  policy: Rung.default('auto'),
  title: line(200).optional(),
});
export type SessionCreate = z.input<typeof SessionCreate>;

/** A session as staff see it. */
export const Session = z.object({
  id: Id,
  roomId: Id,
  title: z.string(),
  status: SessionStatus,
  policy: Rung.describe('What was chosen for this session.'),
  rung: Rung.describe('The rung in force: the strictest of organisation, persona, client and session.'),
  persona: z.object({ id: Id, version: z.number().int(), name: z.string(), role: z.string() }),
  client: z.object({ id: Id, name: z.string() }).nullable(),
  threadId: Id.nullable().describe('The thread that it continues.'),
  alias: z.string().nullable().describe('What whoever joined wants to be called.'),
  clientJoined: z.boolean().describe('Somebody has accepted an invitation: staff no longer write the client’s part.'),
  engine: EngineName.nullable(),
  messageCount: z.number().int(),
  createdAt: Instant,
  lastActivityAt: Instant,
  endedAt: Instant.nullable(),
});
export type Session = z.infer<typeof Session>;
export const SessionList = listOf(Session);

/** What a client's own side may know of the session. */
export const ClientSession = z.object({
  id: Id,
  roomId: Id,
  status: SessionStatus,
  personaName: z.string(),
  personaRole: z.string(),
  humanWrites: z.boolean().describe('A person of the team writes instead of the persona.'),
  personCalled: z.boolean().describe('The persona stopped and a person was called; nobody writes yet.'),
  personaOff: z.boolean().describe('Nobody answers by policy; messages are kept.'),
  reviewed: z.boolean().describe('A person reads what the persona writes before it is shown, or may.'),
  engine: EngineName.nullable(),
  alias: z.string().nullable(),
  questionnaireId: Id.nullable().describe('One that the client is asked to fill in.'),
  endsAt: Instant.nullable().describe('Until when the team has planned the session to go on.'),
});
export type ClientSession = z.infer<typeof ClientSession>;

export const SessionQuery = Page.extend({
  q: search.describe('Part of the title, the persona’s or the client’s name.'),
  status: SessionStatus.optional(),
  personaId: Id.optional(),
  clientId: Id.optional(),
  threadId: Id.optional(),
});
export type SessionQuery = z.infer<typeof SessionQuery>;

export const Author = z.enum(['client', 'persona', 'staff']);
export type Author = z.infer<typeof Author>;

export const MessagePost = z.strictObject({ text: text(32_000) });

export const Citation = z.object({
  chunkId: Id,
  documentId: Id,
  title: z.string(),
  quote: z.string(),
  start: z.number().int().describe('Offset of the quote in the document, in UTF-16 units.'),
  end: z.number().int(),
  curated: z.boolean().optional().describe('An approved answer, which is in no document; its title is the question.'),
});
export type Citation = z.infer<typeof Citation>;

export const Message = z.object({
  id: Id,
  seq: z.number().int(),
  author: Author,
  text: z.string(),
  replyId: Id.nullable(),
  replyStatus: ReplyStatus.nullable(),
  engine: EngineName.nullable(),
  citations: z.array(Citation),
  claims: z.array(Claim).optional().describe('For the team: what became of each sentence that cited something.'),
  createdAt: Instant,
});
export type Message = z.infer<typeof Message>;
export const MessageList = listOf(Message);
export type MessageList = z.infer<typeof MessageList>;

/** What was said in any session with a client. */
export const SaidQuery = Page.extend({ q: search.describe('Part of the text.') });
export const SaidMessage = z.object({
  id: Id,
  sessionId: Id,
  sessionTitle: z.string(),
  author: Author,
  text: z.string().describe('So much of it as a list shows.'),
  createdAt: Instant,
});
export type SaidMessage = z.infer<typeof SaidMessage>;
export const SaidList = listOf(SaidMessage).describe('A page may hold fewer than asked for, and still have a `next`.');

/** 202: the message is stored; `replyId` names the reply now being made, null where none will be. */
export const MessageAccepted = z.object({ message: Message, seq: z.number().int(), replyId: Id.nullable() });
export type MessageAccepted = z.infer<typeof MessageAccepted>;

/** `before` is a seq: the page ends below it. Without it the newest messages are given, oldest first. */
export const MessageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.coerce.number().int().min(1).optional(),
  cursor: z.string().max(200).optional(),
});

export const Guidance = z.strictObject({ text: text(4000) });

/** A reply's record: what made it, what it used, how it ended. Staff only. Times in milliseconds, cost in micro-USD. */
export const Reply = z.object({
  id: Id,
  status: ReplyStatus,
  engine: EngineName,
  usage: Usage,
  costMicroUsd: z.number().int().nullable(),
  firstTokenMs: z.number().int().nullable(),
  durationMs: z.number().int().nullable(),
  fault: z.string().nullable(),
  startedAt: Instant,
});
export type Reply = z.infer<typeof Reply>;
export const ReplyList = listOf(Reply);

export const InvitationCreate = z.strictObject({
  alias: line(120).optional(),
  expiresInSeconds: z
    .number()
    .int()
    .min(60)
    .max(90 * 86_400)
    .default(7 * 86_400),
});
export const InvitationCreated = z.object({ id: Id, token: z.string(), url: z.string(), expiresAt: Instant });
export type InvitationCreated = z.infer<typeof InvitationCreated>;
export const Invitation = z.object({
  id: Id,
  alias: z.string().nullable(),
  expiresAt: Instant,
  acceptedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
  createdAt: Instant,
});
export type Invitation = z.infer<typeof Invitation>;
export const InvitationList = listOf(Invitation);
/** What the page of the link shows before anybody has accepted it. */
export const InvitationView = z.object({
  organisation: z.object({ name: z.string() }),
  persona: z.object({ name: z.string(), role: z.string() }),
});
export type InvitationView = z.infer<typeof InvitationView>;
export const InvitationAccept = z.strictObject({ alias: line(120).optional() });
export const InvitationAccepted = z.object({ accessToken: z.string(), sessionId: Id, roomId: Id });
export type InvitationAccepted = z.infer<typeof InvitationAccepted>;

export const ExportQuery = z.strictObject({ format: z.enum(['markdown', 'json', 'pdf']) });
