import type {
  MemoryChange,
  MemoryOrigin,
  PlacedReference,
  MemoryStatus,
  MemorySubjectKind,
  Sensitivity,
} from '@rapport/protocol/memory';

export interface MemorySubject {
  kind: MemorySubjectKind;
  id: string;
}

/** A memory with one of its revisions: the newest, or that of an instant. */
export interface MemoryRow extends RevisionRow {
  id: string;
  client_id: string | null;
  persona_id: string | null;
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

export const columnsOf = ({ kind, id }: MemorySubject): [clientId: string | null, personaId: string | null] =>
  kind === 'client' ? [id, null] : [null, id];
