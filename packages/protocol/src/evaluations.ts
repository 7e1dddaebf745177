import { z } from 'zod';
import { Id, Instant, line, listOf } from './common.ts';

/** A question, and the documents of the base of which at least one should be found for it. */
export const EvaluationQuestion = z.strictObject({
  question: line(500),
  documentIds: z
    .array(Id)
    .min(1)
    .max(20)
    .refine((ids) => new Set(ids).size === ids.length, 'Each document once.'),
});
export type EvaluationQuestion = z.output<typeof EvaluationQuestion>;

export const EvaluationCreate = z.strictObject({
  name: line(200),
  questions: z.array(EvaluationQuestion).min(1).max(200),
});
export type EvaluationCreate = z.output<typeof EvaluationCreate>;

/** Refused with `conflict` if the set has been changed since this revision was read. */
export const EvaluationReplace = EvaluationCreate.extend({ revision: z.number().int().min(1) });
export type EvaluationReplace = z.output<typeof EvaluationReplace>;

export const EvaluationRun = z.object({
  id: Id,
  cause: z
    .enum(['hand', 'change', 'publish', 'version'])
    .describe(
      'Asked for, after a change of the base, when a persona was published, or with a new version of a document.',
    ),
  state: z.enum(['queued', 'running', 'done', 'failed']),
  questions: z.number().int().nullable(),
  recall: z
    .number()
    .nullable()
    .describe('Of the expected documents, the share among the first ten found; the mean of all questions.'),
  mrr: z
    .number()
    .nullable()
    .describe('One over the place of the first expected document, 0 beyond the tenth; the mean of all questions.'),
  createdAt: Instant,
  finishedAt: Instant.nullable(),
});
export type EvaluationRun = z.infer<typeof EvaluationRun>;
export const EvaluationRunList = listOf(EvaluationRun);

export const Evaluation = z.object({
  id: Id,
  name: z.string(),
  questions: z.array(z.object({ question: z.string(), documentIds: z.array(Id) })),
  revision: z.number().int(),
  lastRun: EvaluationRun.nullable(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Evaluation = z.infer<typeof Evaluation>;
export const EvaluationList = listOf(Evaluation);

export const EvaluationResult = z.object({
  question: z.string(),
  rank: z
    .number()
    .int()
    .nullable()
    .describe('The place of the first expected document, from 1; null: not among the first ten.'),
  before: z
    .number()
    .int()
    .nullable()
    .optional()
    .describe('In the run before; absent where the question was not in it.'),
  recall: z.number(),
  change: z.enum(['gained', 'lost', 'same', 'new']),
});
export const EvaluationRunDetail = EvaluationRun.extend({
  gained: z.number().int(),
  lost: z.number().int(),
  results: z.array(EvaluationResult),
});
export type EvaluationRunDetail = z.infer<typeof EvaluationRunDetail>;

/** What one evaluation finds with a version of a document in the place of the one that was searched; `before` and `change` are against that one. */
export const VersionEvaluation = z.object({
  evaluationId: Id,
  name: z.string(),
  run: EvaluationRunDetail.nullable().describe('The newest; null: none was asked for.'),
});
export type VersionEvaluation = z.infer<typeof VersionEvaluation>;
export const VersionEvaluationList = listOf(VersionEvaluation);
