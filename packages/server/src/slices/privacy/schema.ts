/** Whom an erasure, a hold or an export is about. */
export interface Subject {
  kind: 'client' | 'session';
  id: string;
}

/** For a pair of columns, `client_id` and `session_id`. */
export const columnsOf = ({ kind, id }: Subject): [clientId: string | null, sessionId: string | null] =>
  kind === 'client' ? [id, null] : [null, id];
