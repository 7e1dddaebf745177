import type { Page } from '@rapport/protocol/common';
import type { Note, NotePost } from '@rapport/protocol/notes';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './notes.store.ts';
import type { ClientService } from './service.ts';

export type NoteService = ReturnType<typeof createNoteService>;

const toNote = (row: store.NoteRow, reader: string): Note => ({
  id: row.id,
  kind: row.kind,
  text: row.text,
  author: { id: row.author_id, name: row.author_name },
  mine: row.author_id === reader,
  sessionId: row.session_id,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

interface Parts {
  db: Database;
  audit: Audit;
  clients: ClientService;
  /** The session of a note that is of no client, as its author still sees it. Throws `not-found`. */
  enterSession(actor: Actor, id: string): Promise<{ room_id: string }>;
}

/** Notes of three kinds; who reads which is decided in `notes.store.ts`. */
export function createNoteService({ db, audit, clients, enterSession }: Parts) {
  /** Somebody else's private notes are read through a broken glass alone, and each such reading is told of. */
  const tellOfOpened = (actor: StaffActor, rows: store.NoteRow[]) => {
    const opened = rows.filter((row) => row.kind === 'private' && row.author_id !== actor.userId);
    if (opened.length === 0) return;
    const [client] = opened.map((row) => row.client_id);
    const authors = [...new Set(opened.map((row) => row.author_id))];
    return audit.note(actor, 'note.opened', { client: client ?? null, user: authors });
  };

  const page = async (
    actor: StaffActor,
    of: { clientId: string | null; sessionId: string | null },
    query: Page,
  ): Promise<{ items: Note[]; next: string | null }> => {
    const [before = null] = decodeCursor(query.cursor, 1) ?? [];
    const { orgId, userId } = actor;
    const rows = await store.listNotes(db.in(orgId), orgId, userId, of, before, query.limit + 1);
    await tellOfOpened(actor, rows.slice(0, query.limit));
    return toPage(
      rows,
      query.limit,
      (row) => toNote(row, userId),
      (row) => encodeCursor(row.id),
    );
  };

  const read = async (actor: StaffActor, id: string): Promise<Note> => {
    const row = await store.findNote(db.in(actor.orgId), actor.orgId, actor.userId, id);
    if (!row) throw notFound();
    return toNote(row, actor.userId);
  };

  /** Changes one's own note of somebody one still sees. Throws `not-found`. */
  const change = async (
    actor: StaffActor,
    id: string,
    work: (tx: Tx, of: store.NoteSubject) => Promise<unknown>,
  ): Promise<void> => {
    const { orgId, userId } = actor;
    const row = await store.findNote(db.in(orgId), orgId, userId, id);
    if (!row || row.author_id !== userId) throw notFound();
    const { client_id: clientId, session_id: sessionId } = row;
    if (clientId) await clients.get(actor, clientId);
    const entered = !clientId && sessionId ? await enterSession(actor, sessionId) : null;
    const session = sessionId && entered ? { id: sessionId, roomId: entered.room_id } : null;
    await audit.acting(actor, 'note.changed', { client: clientId, session: sessionId }, (tx) =>
      work(tx, { clientId, session }),
    );
  };

  return {
    /** Of a client and their sessions, newest first. Throws `not-found`. */
    async ofClient(actor: Actor, clientId: string, query: Page) {
      requireStaff(actor);
      await clients.get(actor, clientId);
      return page(actor, { clientId, sessionId: null }, query);
    },

    /** Of one session, which the caller has entered. */
    async ofSession(actor: Actor, sessionId: string, query: Page) {
      requireStaff(actor);
      return page(actor, { clientId: null, sessionId }, query);
    },

    /** About a client. Throws `not-found`. */
    async writeOfClient(actor: Actor, clientId: string, body: NotePost): Promise<Note> {
      await clients.get(actor, clientId);
      return this.write(actor, { clientId, session: null }, body);
    },

    /** About whom the caller has seen. */
    async write(actor: Actor, of: store.NoteSubject, { kind, text }: NotePost): Promise<Note> {
      requireStaff(actor);
      const note = { id: newId(), kind, text, authorId: actor.userId, of };
      const subjects = { client: of.clientId, session: of.session?.id ?? null };
      await audit.acting(actor, 'note.changed', subjects, (tx) => store.insertNote(tx, actor.orgId, note));
      return read(actor, note.id);
    },

    /** One that the team shares, in the transaction of what it is about. */
    attach: (tx: Tx, { orgId, userId }: StaffActor, of: store.NoteSubject, text: string) =>
      store.insertNote(tx, orgId, { id: newId(), kind: 'shared', authorId: userId, text, of }),

    /** One's own. Throws `not-found`. */
    async update(actor: Actor, id: string, text: string): Promise<Note> {
      requireStaff(actor);
      await change(actor, id, (tx, of) => store.updateNote(tx, actor.orgId, id, text, of));
      return read(actor, id);
    },

    /** One's own. Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      await change(actor, id, (tx) => store.deleteNote(tx, actor.orgId, id));
    },
  };
}
