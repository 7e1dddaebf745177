import { z } from 'zod';
import { Id, Instant, listOf } from './common.ts';
import { RiskCategory } from './safety.ts';

export const InstrumentId = z.enum(['phq-9', 'gad-7']);
export type InstrumentId = z.infer<typeof InstrumentId>;

/** How many items each has. */
export const itemsOf: Record<InstrumentId, number> = { 'phq-9': 9, 'gad-7': 7 };

export const Severity = z.enum(['minimal', 'mild', 'moderate', 'moderately-severe', 'severe']);
export type Severity = z.infer<typeof Severity>;

/** A questionnaire as it stands in its data file; an answer is the place of an option, from 0. */
export const Instrument = z.strictObject({
  id: InstrumentId,
  title: z.string(),
  about: z.string(),
  language: z.string(),
  source: z.string().describe('Who made it, and under which terms it is used.'),
  question: z.string(),
  options: z.array(z.string()),
  items: z.array(z.string()),
  bands: z.array(z.strictObject({ from: z.int(), to: z.int(), severity: Severity })),
  riskItem: z
    .strictObject({ number: z.int(), from: z.int(), category: RiskCategory })
    .nullable()
    .describe('An answer of `from` or more to this item calls a person.'),
});
export type Instrument = z.infer<typeof Instrument>;
export const InstrumentList = listOf(Instrument);

const Answers = z.array(z.int().min(0).max(3)).min(1).max(20);
export const AnswersPost = z.strictObject({ answers: Answers.describe('One for each item, in order.') });
export const QuestionnaireEnter = AnswersPost.extend({
  instrument: InstrumentId,
  answeredAt: Instant.optional().describe('Where it was filled in before; not in the future.'),
});
export type QuestionnaireEnter = z.infer<typeof QuestionnaireEnter>;
export const QuestionnaireAsk = z.strictObject({ instrument: InstrumentId });

export const Score = z.object({ score: z.int(), most: z.int(), severity: Severity });
export type Score = z.infer<typeof Score>;

export const QuestionnaireState = z.enum(['asked', 'answered', 'withdrawn']);
export type QuestionnaireState = z.infer<typeof QuestionnaireState>;

/** As the team sees it. */
export const Questionnaire = z.object({
  id: Id,
  instrument: InstrumentId,
  state: QuestionnaireState,
  sessionId: Id.nullable(),
  filledBy: z.enum(['client', 'staff']).nullable(),
  createdAt: Instant,
  answeredAt: Instant.nullable(),
  result: Score.extend({
    answers: z.array(z.int()),
    risk: z.boolean().describe('An answer that calls a person is among them.'),
  }).nullable(),
});
export type Questionnaire = z.infer<typeof Questionnaire>;
export const QuestionnaireList = listOf(Questionnaire);
export const QuestionnaireEntered = Questionnaire.extend({
  personCalled: z.boolean().describe('An answer calls a person: an escalation was raised.'),
});
export type QuestionnaireEntered = z.infer<typeof QuestionnaireEntered>;

/** As the client is asked: without scores. */
export const QuestionnaireForm = z.object({
  id: Id,
  state: QuestionnaireState,
  instrument: Instrument.pick({
    title: true,
    question: true,
    options: true,
    items: true,
    source: true,
    language: true,
  }),
});
export type QuestionnaireForm = z.infer<typeof QuestionnaireForm>;
export const QuestionnaireParams = z.strictObject({ id: Id, questionnaireId: Id });
