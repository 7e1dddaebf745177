import { z } from 'zod';
import { Id, Instant, NamedPage, line, text, listOf } from './common.ts';
import { Rung } from './supervision.ts';

export const ClientCreate = z.strictObject({
  name: line(120).describe('A name or an alias.'),
  language: line(35).default('en'),
  about: text(8000, 0).default('').describe('What the persona may know; part of the prompt.'),
  policy: Rung.default('auto').describe('None of this client’s sessions is supervised less strictly.'),
});
export type ClientCreate = z.input<typeof ClientCreate>;
export const ClientPatch = z.strictObject({
  name: line(120).optional(),
  language: line(35).optional(),
  about: text(8000, 0).optional(),
  policy: Rung.optional(),
});
export const Client = z.object({
  id: Id,
  name: z.string(),
  language: z.string(),
  about: z.string(),
  policy: Rung.describe('None of this client’s sessions is supervised less strictly.'),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Client = z.infer<typeof Client>;
export const ClientList = listOf(Client);

export const ClientQuery = NamedPage;
export type ClientQuery = NamedPage;
