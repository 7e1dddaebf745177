import { z } from 'zod';
import { Id, Instant, NamedPage, line, text, listOf } from './common.ts';
import { Rung } from './supervision.ts';

/** Which parts of the record go into a prompt beside `about`. Contact and tags never do. */
export const PersonaKnows = z.strictObject({
  goals: z.boolean().describe('Open goals, and those of the session before the others.'),
  riskFactors: z.boolean(),
  notes: z.boolean().describe('The newest notes that are shared with the team; never a private or psychotherapy note.'),
});
export type PersonaKnows = z.infer<typeof PersonaKnows>;

const fields = {
  name: line(120).describe('A name or an alias.'),
  language: line(35),
  about: text(8000, 0).describe('What the persona may know; part of the prompt.'),
  contact: text(500, 0).describe('How to reach them; for the team alone.'),
  tags: z.array(line(40)).max(20),
  riskFactors: z.array(line(200)).max(30),
  personaKnows: PersonaKnows,
  policy: Rung.describe('None of this client’s sessions is supervised less strictly.'),
};

export const ClientCreate = z.strictObject({
  ...fields,
  language: fields.language.default('en'),
  about: fields.about.default(''),
  contact: fields.contact.default(''),
  tags: fields.tags.default([]),
  riskFactors: fields.riskFactors.default([]),
  personaKnows: fields.personaKnows.default({ goals: true, riskFactors: true, notes: false }),
  policy: fields.policy.default('auto'),
});
export type ClientCreate = z.input<typeof ClientCreate>;
export const ClientPatch = z.strictObject(fields).partial();
export const Client = z.object({
  id: Id,
  name: z.string(),
  language: z.string(),
  about: z.string(),
  contact: z.string(),
  tags: z.array(z.string()),
  riskFactors: z.array(z.string()),
  personaKnows: PersonaKnows,
  policy: Rung.describe('None of this client’s sessions is supervised less strictly.'),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Client = z.infer<typeof Client>;
export const ClientList = listOf(Client);

export const ClientQuery = NamedPage.extend({ tag: line(40).optional().describe('Those who have this whole tag.') });
export type ClientQuery = z.infer<typeof ClientQuery>;
