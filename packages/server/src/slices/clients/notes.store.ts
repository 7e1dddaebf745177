import type { NoteKind } from '@rapport/protocol/notes';
import type { Db, Tx } from '../../platform/db/db.ts';

const place = (orgId: string, rowId: string) => ({ orgId, table: 'note', column: 'body', rowId });

/** Of whom a note is: a client, a session, or a session of a client. */
export interface NoteSubject {
  clientId: string | null;
  session: { id: string; roomId: string } | null;
}

export interface NoteRow {
  id: string;
  kind: NoteKind;
  client_id: string | null;
  session_id: string | null;
  author_id: string;
  author_name: string;
  text: string;
  created_at: string;
  updated_at: string;
}

type SealedRow = Omit<NoteRow, 'text'> & { body: Buffer };

const columns = `n.id, n.kind, n.client_id, n.session_id, n.author_id, u.name as author_name, n.body, n.created_at, n.updated_at
  from note n join app_user u on u.org_id = n.org_id and u.id = n.author_id`;

/**
 * `$2` is who asks. Nobody's permissions open a private note; what does is an access that was broken into for this client,
 * and which those who see every client are told of. Look after the client: see `caseload_of`.
 */
const readable = `(n.kind = 'shared' or n.author_id = $2
  or (n.kind = 'psychotherapy' and n.client_id in (select c.client_id from caseload_of($1, $2) c))
  or (n.kind = 'private' and n.client_id in (select b.client_id from break_glass b
    where b.org_id = $1 and b.user_id = $2 and b.ended_at is null and b.expires_at > now())))`;

const open = async (db: Db, orgId: string, { body, ...row }: SealedRow): Promise<NoteRow> => ({
  ...row,
  text: await db.codec.open(place(orgId, row.id), body),
});

const holderOf = ({ clientId, session }: NoteSubject) =>
  clientId ? { holder: clientId } : session ? { room: session.roomId } : {};

export const insertNote = async (
  tx: Tx,
  orgId: string,
  note: { id: string; kind: NoteKind; authorId: string; text: string; of: NoteSubject },
): Promise<number> =>
  tx.exec(
    `insert into note (org_id, id, client_id, session_id, kind, author_id, body) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      orgId,
      note.id,
      note.of.clientId,
      note.of.session?.id ?? null,
      note.kind,
      note.authorId,
      await tx.codec.seal(place(orgId, note.id), note.text, holderOf(note.of)),
    ],
  );

/** For who asks and may read it; whether they may see the client is asked by the caller. */
export async function findNote(db: Db, orgId: string, reader: string, id: string): Promise<NoteRow | undefined> {
  const row = await db.maybe<SealedRow>(`select ${columns} where n.org_id = $1 and n.id = $3 and ${readable}`, [
    orgId,
    reader,
    id,
  ]);
  return row && open(db, orgId, row);
}

/** Newest first; `before` is the id the page starts below. */
export async function listNotes(
  db: Db,
  orgId: string,
  reader: string,
  of: { clientId: string | null; sessionId: string | null },
  before: string | null,
  limit: number,
): Promise<NoteRow[]> {
  const rows = await db.many<SealedRow>(
    `select ${columns} where n.org_id = $1 and ${readable}
       and (n.client_id = $3 or n.session_id = $4) and ($5::uuid is null or n.id < $5)
     order by n.id desc limit $6`,
    [orgId, reader, of.clientId, of.sessionId, before, limit],
  );
  return Promise.all(rows.map((row) => open(db, orgId, row)));
}

export const updateNote = async (tx: Tx, orgId: string, id: string, text: string, of: NoteSubject): Promise<number> =>
  tx.exec(`update note set body = $3, updated_at = now() where org_id = $1 and id = $2`, [
    orgId,
    id,
    await tx.codec.seal(place(orgId, id), text, holderOf(of)),
  ]);

export const deleteNote = (tx: Tx, orgId: string, id: string): Promise<number> =>
  tx.exec(`delete from note where org_id = $1 and id = $2`, [orgId, id]);

/**
 * The notes that a model may be sent, newest first: those shared with the team. Nothing else gives notes to a prompt, so
 * that this one condition keeps private and psychotherapy notes from every model.
 */
export async function notesForPrompt(db: Db, orgId: string, clientId: string, limit: number): Promise<string[]> {
  const rows = await db.many<{ id: string; body: Buffer }>(
    `select id, body from note where org_id = $1 and client_id = $2 and kind = 'shared' order by id desc limit $3`,
    [orgId, clientId, limit],
  );
  return Promise.all(rows.map((row) => db.codec.open(place(orgId, row.id), row.body)));
}
