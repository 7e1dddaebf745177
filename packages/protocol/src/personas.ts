import { z } from 'zod';
import { Id, Instant, line, text, listOf } from './common.ts';
import { Rung } from './supervision.ts';

export const Trait = z.strictObject({ name: line(60), level: z.number().int().min(0).max(10) });
export const Exchange = z.strictObject({ client: text(4000), persona: text(4000) });
export const Stage = z.strictObject({ name: line(120), goal: text(2000) });

export const ModelSettings = z.strictObject({
  providerId: Id.nullable().default(null).describe('null: the organisation’s default provider'),
  model: line(200).nullable().default(null).describe('null: the provider’s default model'),
  temperature: z.number().min(0).max(2).nullable().default(null),
  maxTokens: z.number().int().min(16).max(32_000).default(1024),
  contextTokens: z
    .number()
    .int()
    .min(1024)
    .max(2_000_000)
    .default(16_000)
    .describe('The window the prompt is fitted into.'),
});

const fields = {
  name: line(120),
  role: line(200),
  instructions: text(20_000),
  description: text(1000, 0),
  traits: z.array(Trait).max(20),
  rules: z.array(text(1000)).max(50),
  examples: z.array(Exchange).max(20),
  style: text(2000, 0),
  structure: z.array(Stage).max(20),
  openingLine: text(2000, 0),
  model: ModelSettings,
  policy: Rung,
  knowledgeBaseId: Id.nullable(),
  onlyMaterial: z
    .boolean()
    .describe(
      'A reply of which no sentence stands in the material becomes the sentence that the material does not hold it.',
    ),
  rewriteQuestions: z
    .boolean()
    .describe(
      'A question that leans on what was said before is first said in full by the model, and searched for like that.',
    ),
};

/** All a persona is made of; what `publish` freezes as a version. */
export const PersonaSpec = z.strictObject(fields);
export type PersonaSpec = z.infer<typeof PersonaSpec>;

export const PersonaCreate = z.strictObject({
  name: fields.name,
  role: fields.role,
  instructions: fields.instructions,
  description: fields.description.default(''),
  traits: fields.traits.default([]),
  rules: fields.rules.default([]),
  examples: fields.examples.default([]),
  style: fields.style.default(''),
  structure: fields.structure.default([]),
  openingLine: fields.openingLine.default(''),
  model: ModelSettings.default(ModelSettings.parse({})),
  policy: fields.policy.default('auto'),
  knowledgeBaseId: fields.knowledgeBaseId.default(null),
  onlyMaterial: fields.onlyMaterial.default(false),
  rewriteQuestions: fields.rewriteQuestions.default(true),
});
export type PersonaCreate = z.input<typeof PersonaCreate>;

export const PersonaPatch = PersonaSpec.partial().extend({
  archived: z.boolean().optional(),
  ifUpdatedAt: Instant.optional().describe('Refused with `conflict` if the persona has been changed since then.'),
});
export type PersonaPatch = z.infer<typeof PersonaPatch>;

export const Persona = PersonaSpec.extend({
  id: Id,
  publishedVersion: z.number().int().nullable(),
  draftChanged: z.boolean().describe('The draft differs from the published version.'),
  archived: z.boolean(),
  createdAt: Instant,
  updatedAt: Instant,
}).strip();
export type Persona = z.infer<typeof Persona>;

export const PersonaVersion = z.object({
  personaId: Id,
  version: z.number().int(),
  publishedAt: Instant,
  spec: PersonaSpec.strip(),
});
export type PersonaVersion = z.infer<typeof PersonaVersion>;

export const PersonaList = listOf(Persona);
export const PersonaVersionList = listOf(PersonaVersion);
