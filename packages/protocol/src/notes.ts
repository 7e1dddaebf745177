import { z } from 'zod';
import { Id, Instant, listOf, text } from './common.ts';

/**
 * `shared`: whoever may see the client. `private`: the author alone. `psychotherapy`: the author and those who look after
 * the client. A private or psychotherapy note is never part of a prompt.
 */
export const NoteKind = z.enum(['shared', 'private', 'psychotherapy']);
export type NoteKind = z.infer<typeof NoteKind>;

const said = text(20_000);
export const NotePost = z.strictObject({ kind: NoteKind, text: said });
export type NotePost = z.infer<typeof NotePost>;
export const NotePatch = z.strictObject({ text: said }).describe('The kind stays as it was chosen.');

export const Note = z.object({
  id: Id,
  kind: NoteKind,
  text: z.string(),
  author: z.object({ id: Id, name: z.string() }),
  mine: z.boolean().describe('Written by whoever asks: they may change and delete it.'),
  sessionId: Id.nullable(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Note = z.infer<typeof Note>;
export const NoteList = listOf(Note);
