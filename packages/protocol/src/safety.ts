import { z } from 'zod';
import { Id, Instant, listOf, Page, text } from './common.ts';

export const riskLevels = ['none', 'low', 'elevated', 'high'] as const;
export const RiskLevel = z.enum(riskLevels);
export type RiskLevel = z.infer<typeof RiskLevel>;

export const riskCategories = ['self-harm', 'harm-to-others', 'abuse', 'medical-emergency'] as const;
export const RiskCategory = z.enum(riskCategories);
export type RiskCategory = z.infer<typeof RiskCategory>;

/** Why a text was flagged: `start` and `end` are UTF-16 offsets of the evidence in it. */
export const RiskFinding = z.object({
  category: RiskCategory,
  level: RiskLevel,
  ruleId: z
    .string()
    .describe('Which rule, of which language, e.g. `en/sh-intent`; `second-opinion` where a model said so.'),
  start: z.number().int(),
  end: z.number().int(),
});
export type RiskFinding = z.infer<typeof RiskFinding>;

/** Whether `a` is at least as grave as `b`. */
export const reaches = (a: RiskLevel, b: RiskLevel): boolean => riskLevels.indexOf(a) >= riskLevels.indexOf(b);

/** Texts that people have written and the server shows: no model has a part in them. */
export const noticeKinds = [
  'self-harm',
  'harm-to-others',
  'abuse',
  'medical-emergency',
  'person-called',
  'person-here',
  'person-coming',
  'disclosure',
  'reminder',
] as const;
export const NoticeKind = z.enum(noticeKinds);
export type NoticeKind = z.infer<typeof NoticeKind>;

const language = z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$/);
const SafetyWording = z.strictObject({ language, text: text(4000) });
export type SafetyWording = z.infer<typeof SafetyWording>;

/** What is shown now. Version 0 is what comes with Rapport, whose numbers an administrator is asked to check. */
const SafetyText = z.object({ kind: NoticeKind, version: z.number().int(), texts: z.array(SafetyWording) });
export const SafetyTextPublish = z.strictObject({
  texts: z
    .array(SafetyWording)
    .min(1)
    .max(30)
    .refine((texts) => new Set(texts.map((one) => one.language)).size === texts.length, 'One text in each language.'),
});
export const SafetyTextParams = z.object({ kind: NoticeKind });

const seconds = (most: number) => z.int().min(30).max(most);

export const SafetySettings = z.strictObject({
  ackSeconds: seconds(86_400).describe('Until when somebody of the team should have acknowledged an escalation.'),
  pageSeconds: seconds(86_400).describe('Between two letters about the same escalation.'),
  maxPages: z.int().min(1).max(20),
  fallbackEmail: z.email().max(320).nullable().describe('Whom a missed deadline is told, too.'),
  disclosureMinutes: z
    .int()
    .min(5)
    .max(1440)
    .nullable()
    .describe('How often a client is told that an AI answers; null: at the start and when asked.'),
  language: language.describe('Of the texts, where neither message nor client tell.'),
  secondOpinion: z.boolean().describe('Whether a model is asked as well. It can raise a level, never lower one.'),
  emotionInference: z
    .boolean()
    .default(false)
    .describe('Whether a person may have a model guess the tone of a session, with the client’s consent to it.'),
});
export type SafetySettings = z.infer<typeof SafetySettings>;
export const Safety = z.object({
  settings: SafetySettings,
  texts: z.array(SafetyText),
  rules: z.array(z.object({ language: z.string(), version: z.string() })),
});
export type Safety = z.infer<typeof Safety>;

export const EscalationKind = z.enum(['risk', 'asked', 'reply']);
export type EscalationKind = z.infer<typeof EscalationKind>;
export const EscalationStatus = z.enum(['open', 'acknowledged', 'resolved']);
export type EscalationStatus = z.infer<typeof EscalationStatus>;

export const Escalation = z.object({
  id: Id,
  sessionId: Id.nullable().describe('null: for a client who has no session, whose answers were entered by the team.'),
  sessionTitle: z.string().nullable(),
  client: z.object({ id: Id, name: z.string() }).nullable(),
  alias: z.string().nullable(),
  kind: EscalationKind.describe(
    '`risk`: of a message. `asked`: the client wants a person. `reply`: of the persona’s own words.',
  ),
  status: EscalationStatus,
  category: RiskCategory.nullable(),
  level: RiskLevel.nullable(),
  evidence: z.string().nullable().describe('The words that were found.'),
  raisedAt: Instant,
  dueAt: Instant,
  overdue: z.boolean(),
  rehearsal: z.boolean().describe('Of a session without a client: nobody is written to.'),
  pages: z.number().int().describe('How often the team was written to.'),
  fallbackAt: Instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  acknowledgedAt: Instant.nullable(),
  resolvedBy: z.string().nullable(),
  resolvedAt: Instant.nullable(),
  note: z.string(),
});
export type Escalation = z.infer<typeof Escalation>;
export const EscalationList = listOf(Escalation);
export const EscalationQuery = Page.extend({ status: EscalationStatus.optional(), sessionId: Id.optional() });
export type EscalationQuery = z.infer<typeof EscalationQuery>;
export const EscalationResolve = z.strictObject({ note: text(2000, 0).default('') });

/** What the gate found in the messages of a session. Staff only. */
export const Flag = z.object({
  id: Id,
  messageId: Id.nullable(),
  replyId: Id.nullable(),
  questionnaireId: Id.nullable(),
  level: RiskLevel,
  category: RiskCategory,
  findings: z.array(RiskFinding),
  at: Instant,
});
export type Flag = z.infer<typeof Flag>;
export const FlagList = listOf(Flag);

/** `present`: somebody of the team writes in this session now. */
export const PersonRequested = z.object({ escalationId: Id, present: z.boolean(), text: z.string() });
export type PersonRequested = z.infer<typeof PersonRequested>;
