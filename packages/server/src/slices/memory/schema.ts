import type {
  Memory,
  MemoryChange,
  MemoryOrigin,
  PlacedReference,
  MemoryStatus,
  MemorySubjectKind,
  Sensitivity,
} from '@rapport/protocol/memory';

/** As it is asked for. */
export interface NamedSubject {
  kind: MemorySubjectKind;
  id: string;
}

/** One that was found; `clientId`: whose what is remembered of it is. */
export interface MemorySubject extends NamedSubject {
  clientId: string | null;
}

/** A memory with one of its revisions: the newest, or that of an instant. */
export interface MemoryRow extends RevisionRow {
  id: string;
  client_id: string | null;
  persona_id: string | null;
  thread_id: string | null;
  statement: Buffer;
  origin: MemoryOrigin;
  references_to: PlacedReference[];
  created_at: string;
}

export interface RevisionRow {
  revision: number;
  change: MemoryChange;
  status: MemoryStatus;
  tags: Buffer;
  sensitivity: Sensitivity;
  salience: number;
  valid_from: string | null;
  valid_to: string | null;
  approved_by: string | null;
  approved_at: string | null;
  by_kind: 'staff' | 'client' | 'system';
  user_id: string | null;
  at: string;
}

/** What a revision changes, with what it leaves as it was. */
export interface State {
  status: MemoryStatus;
  tags: string[];
  sensitivity: Sensitivity;
  salience: number;
  validFrom: string | null;
  validTo: string | null;
  approvedBy: string | null;
  approvedAt: string | null;
}

export const statementPlace = (orgId: string, rowId: string) => ({
  orgId,
  table: 'memory',
  column: 'statement',
  rowId,
});

/** Under the client's own key, which goes when they are erased; what is of a persona under the organisation's. */
export const sealedFor = (clientId: string | null) => (clientId === null ? {} : { holder: clientId });

type Columns = [clientId: string | null, personaId: string | null, threadId: string | null];

/** What is about a subject stands in exactly one of these. */
export const columnsOf = ({ kind, id }: NamedSubject): Columns => [
  kind === 'client' ? id : null,
  kind === 'persona' ? id : null,
  kind === 'thread' ? id : null,
];

export const subjectOf = ({ subject, clientId }: Pick<Memory, 'subject' | 'clientId'>): MemorySubject => ({
  ...subject,
  clientId,
});
