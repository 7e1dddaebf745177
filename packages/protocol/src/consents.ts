import { z } from 'zod';
import { Id, Instant, line, text, listOf } from './common.ts';
import { purposes } from './purposes.ts';

export const Purpose = z.enum(purposes);
export type Purpose = z.infer<typeof Purpose>;

/** A language tag such as `en` or `de-AT`. */
export const Language = z.string().regex(/^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$/, 'A language tag such as en or de-AT.');

const Wording = z.object({ language: z.string(), text: z.string() });

/** A purpose as an organisation has set it. Version 0 is the text that comes with Rapport. */
export const ConsentSetting = z.object({
  purpose: Purpose,
  asked: z.boolean().describe('Clients are asked, and features that need it wait for a yes.'),
  validFrom: z.number().int().describe('A yes to an earlier version counts no longer.'),
  version: z.number().int(),
  texts: z.array(Wording),
});
export type ConsentSetting = z.infer<typeof ConsentSetting>;
export const ConsentSettings = z.object({ items: z.array(ConsentSetting) });

export const ConsentSettingPut = z.strictObject({ asked: z.boolean() });
export const PurposeParams = z.object({ purpose: Purpose });

export const ConsentTextPublish = z.strictObject({
  texts: z
    .array(z.strictObject({ language: Language, text: text(8000) }))
    .min(1)
    .max(30)
    .refine((all) => new Set(all.map((one) => one.language)).size === all.length, 'One text for each language.'),
  askAgain: z.boolean().default(false).describe('Those who agreed to an earlier version are asked again.'),
});
export const ConsentTextVersion = z.object({
  purpose: Purpose,
  version: z.number().int(),
  texts: z.array(Wording),
  createdAt: Instant.nullable(),
});
export type ConsentTextVersion = z.infer<typeof ConsentTextVersion>;
export const ConsentTextVersions = z.object({ items: z.array(ConsentTextVersion) });

/** What a client is asked, in their language, and what they said last. */
export const ConsentQuestion = z.object({
  purpose: Purpose,
  text: z.string(),
  language: z.string(),
  version: z.number().int(),
  given: z.boolean().nullable().describe('null: not answered, or answered to a text that counts no longer.'),
});
export type ConsentQuestion = z.infer<typeof ConsentQuestion>;
export const ConsentQuestions = z.object({ items: z.array(ConsentQuestion) });
export const ConsentQuestionQuery = z.strictObject({ language: z.string().max(100).optional() });

export const ConsentAnswer = z.strictObject({
  purpose: Purpose,
  given: z.boolean(),
  version: z.number().int().min(0).describe('Of the text that was shown.'),
  language: Language,
});
export const ConsentAnswers = z.strictObject({ answers: z.array(ConsentAnswer).min(1).max(purposes.length) });

/** What staff write down: what was signed on paper, or what comes from another system. */
export const ConsentRecordCreate = z.strictObject({
  purpose: Purpose,
  given: z.boolean(),
  method: z.enum(['paper', 'import']).default('paper'),
  version: z.number().int().min(0).optional().describe('Of the text that was agreed to; by default the newest.'),
  language: Language.default('en'),
  saidAt: Instant.optional().describe('When it was said; by default now.'),
  note: line(500, 0).default('').describe('Where the paper is kept.'),
});
export const ConsentRecord = z.object({
  id: Id,
  purpose: Purpose,
  given: z.boolean(),
  version: z.number().int(),
  language: z.string(),
  method: z.enum(['chat', 'paper', 'import']),
  recordedBy: Id.nullable().describe('null: the client themselves.'),
  note: z.string(),
  saidAt: Instant,
  createdAt: Instant,
});
export type ConsentRecord = z.infer<typeof ConsentRecord>;
export const ConsentRecordList = listOf(ConsentRecord);

/** How one person stands to each purpose that is asked for, or that they ever answered. */
export const ConsentState = z.object({
  purpose: Purpose,
  asked: z.boolean(),
  given: z.boolean().nullable(),
  at: Instant.nullable(),
});
export type ConsentState = z.infer<typeof ConsentState>;
export const ConsentStates = z.object({ items: z.array(ConsentState) });
