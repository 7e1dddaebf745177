import type { Actor } from '../../platform/actor.ts';

/** Whom an erasure, a hold or an export is about. */
export interface Subject {
  kind: 'client' | 'session';
  id: string;
}

/** A subject as it is stored where a foreign key follows it. */
export interface SubjectColumns {
  client_id: string | null;
  session_id: string | null;
}

export const subjectOf = (row: SubjectColumns): Subject =>
  row.client_id === null ? { kind: 'session', id: row.session_id ?? '' } : { kind: 'client', id: row.client_id };

/** For a pair of columns, `client_id` and `session_id`. */
export const columnsOf = ({ kind, id }: Subject): [clientId: string | null, sessionId: string | null] =>
  kind === 'client' ? [id, null] : [null, id];

/** Whom lists and look-ups are narrowed for: a member who does not see every client, else null. */
export const viewerOf = (actor: Actor): string | null =>
  actor.kind === 'staff' && !actor.permissions.has('clients.read-all') ? actor.userId : null;
