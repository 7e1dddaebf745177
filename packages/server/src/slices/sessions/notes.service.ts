import type { Page } from '@rapport/protocol/common';
import type { Note, NotePost } from '@rapport/protocol/notes';
import type { Actor } from '../../platform/actor.ts';
import type { NoteService } from '../clients/notes.service.ts';
import type { SessionAccess } from './access.ts';

export type SessionNoteService = ReturnType<typeof createSessionNoteService>;

/** Notes of a session are those of its client, with the session named. */
export function createSessionNoteService({ access, notes }: { access: SessionAccess; notes: NoteService }) {
  return {
    /** Newest first. Throws `not-found`. */
    async list(actor: Actor, id: string, page: Page) {
      await access.enter(actor, id);
      return notes.ofSession(actor, id, page);
    },

    /** Throws `not-found`. */
    async write(actor: Actor, id: string, body: NotePost): Promise<Note> {
      const row = await access.enter(actor, id);
      return notes.write(actor, { clientId: row.client_id, session: { id, roomId: row.room_id } }, body);
    },
  };
}
