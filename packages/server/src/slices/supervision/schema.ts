import type { Claim } from '@rapport/protocol/claims';
import type { Citation } from '@rapport/protocol/sessions';
import type { EngineName } from '@rapport/protocol/inference';
import type { ReviewReason, ReviewState, Rung } from '@rapport/protocol/supervision';

/** What the persona and people wrote; sealed as one. Offsets are UTF-16 units. */
export interface ReviewBody {
  /** The persona's words, once it has come to an end; null while it writes. */
  draft: string | null;
  /** What a person put in the place of the first `editedFrom` units of the draft; null: nobody edited. */
  edited: string | null;
  editedFrom: number;
  /** What the client has seen of it. */
  released: string;
  citations: Citation[];
  /** Of the draft; older ones have none. */
  claims?: Claim[];
  note: string;
}

export interface ReviewRow {
  id: string;
  session_id: string;
  room_id: string;
  rung: Rung;
  state: ReviewState;
  risk: number;
  body: Buffer;
  revision: number;
  opened_at: string;
  waiting_since: string | null;
  due_at: string | null;
  pages: number;
  overdue: boolean;
  claimed_by: string | null;
  claimed_until: string | null;
  claimed_name: string | null;
  decided_by: string | null;
  decided_name: string | null;
  decided_at: string | null;
  reasons: ReviewReason[];
  edit_distance: number | null;
  engine: EngineName;
  reply_to: string | null;
  replaces: string | null;
  title: string;
  persona_id: string;
  persona_name: string;
  client_id: string | null;
  created_by: string;
  client_name: string | null;
  alias: string | null;
}

export const isOpen = (state: ReviewState): boolean => state === 'drafting' || state === 'waiting';
