import { z } from 'zod';
import { Id, Instant, line, listOf, Page, text } from './common.ts';

/**
 * Where the words of a section come from: counted from the log, quoted from the client, made by a model, or written by a
 * person. Counted or quoted words that somebody changes are written ones from then on; a model's remain a model's.
 */
export const SectionKind = z.enum(['counted', 'quoted', 'ai', 'written']);
export type SectionKind = z.infer<typeof SectionKind>;

export const ReportSection = z.object({
  id: Id,
  kind: SectionKind,
  heading: z.string(),
  text: z.string(),
  seqs: z.array(z.int()).describe('The events of the session’s log that it rests on; empty where a person wrote it.'),
  places: z
    .array(z.object({ sessionId: Id, title: z.string(), seqs: z.array(z.int()) }))
    .default([])
    .describe('The same over several sessions: the events of each one’s log.'),
  edited: z.boolean().describe('A person changed what a model made.'),
  tone: z.boolean().default(false).describe('A model’s guess at the tone of the session.'),
  withheld: z
    .boolean()
    .default(false)
    .describe('A guess that may not be shown at present: its words are left out, and a change of it is not kept.'),
});
export type ReportSection = z.infer<typeof ReportSection>;

/** What a guess at the tone stands under, unless a person gave it another heading. */
export const toneHeading = 'Tone: a model’s guess, not a finding';

/** Also of a section that was stored before it was marked as one. */
export const holdsGuess = ({ kind, heading, tone }: Pick<ReportSection, 'kind' | 'heading'> & { tone?: boolean }) =>
  tone === true || (kind === 'ai' && heading === toneHeading);

export const ReportStatus = z.enum(['draft', 'approved']);

const By = z.object({ id: Id, name: z.string() });

export const Report = z.object({
  id: Id,
  sessionId: Id.nullable(),
  clientId: Id.nullable(),
  threadId: Id.nullable().describe('Of the client in `clientId`; null: on the session, or on the client as a whole.'),
  title: z.string(),
  status: ReportStatus,
  revision: z.int(),
  sections: z.array(ReportSection),
  leftOut: z
    .int()
    .describe(
      'Sentences of the model whose quote was not found in any message of the client, or has too few words, and what is too long.',
    ),
  createdBy: By,
  createdAt: Instant,
  updatedAt: Instant,
  approvedBy: By.nullable(),
  approvedAt: Instant.nullable(),
});
export type Report = z.infer<typeof Report>;

export const ReportList = listOf(Report.omit({ sections: true, leftOut: true }));
export type ReportList = z.infer<typeof ReportList>;

const about = { sessionId: Id.optional(), clientId: Id.optional(), threadId: Id.optional() };
const onlyOne = (of: { [K in keyof typeof about]?: string | undefined }) =>
  [of.sessionId, of.clientId, of.threadId].filter((id) => id !== undefined).length === 1;
const oneOf = 'Either a session, a client or a thread.';

/** What a report or a summary is about. */
export const AboutOne = z.strictObject(about).refine(onlyOne, oneOf);
export type AboutOne = z.infer<typeof AboutOne>;

export const ReportQuery = Page.extend(about).refine(onlyOne, oneOf);
export type ReportQuery = z.infer<typeof ReportQuery>;
export const ReportCreate = z
  .strictObject({
    ...about,
    summarise: z.boolean().default(false).describe('Have the organisation’s model summarise what was said.'),
    tone: z
      .boolean()
      .default(false)
      .describe('Add what a model guessed of the tone of the session, where it was asked for that.'),
  })
  .refine(onlyOne, oneOf)
  .refine(({ tone, sessionId }) => !tone || sessionId !== undefined, 'A tone is guessed of a session alone.');
export type ReportCreate = z.infer<typeof ReportCreate>;

const revision = z.int().min(0).max(2_147_483_647).describe('Of the report as it was read.');

export const ReportPut = z.strictObject({
  revision,
  title: line(200),
  sections: z
    .array(z.strictObject({ id: Id.optional(), heading: line(200), text: text(20_000, 0) }))
    .max(40)
    .describe('In order. Without an `id` it is new; one that is not named any more goes.'),
});
export type ReportPut = z.infer<typeof ReportPut>;
export const ReportApprove = z.strictObject({ revision });
export const ReportExport = z.strictObject({ format: z.enum(['markdown', 'pdf']).default('pdf') });
