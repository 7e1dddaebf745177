import type { EngineName, ReplyStatus } from '@rapport/protocol/inference';
import type { Author, SessionStatus } from '@rapport/protocol/sessions';
import type { Rung } from '@rapport/protocol/supervision';

export interface SessionRow {
  id: string;
  room_id: string;
  title: string;
  status: SessionStatus;
  policy: Rung;
  persona_policy: Rung;
  client_policy: Rung | null;
  org_policy: Rung | null;
  pack_policies: Rung[] | null;
  taken_over_by: string | null;
  escalated: boolean;
  disclosed_at: string | null;
  wrote_since_told: boolean;
  persona_id: string;
  persona_version: number;
  persona_name: string;
  persona_role: string;
  client_id: string | null;
  client_name: string | null;
  alias: string | null;
  client_joined: boolean;
  engine: EngineName | null;
  message_count: number;
  summary: Buffer | null;
  summary_through: number;
  last_client_message: string | null;
  created_by: string;
  created_at: string;
  last_activity_at: string;
  ended_at: string | null;
  goal_ids: string[];
  timer_ends_at: string | null;
  thread_id: string | null;
}

export interface MessageRow {
  seq: number;
  id: string;
  author: Author;
  body: Buffer;
  reply_id: string | null;
  reply_status: ReplyStatus | null;
  engine: EngineName | null;
  citations: Buffer | null;
  created_at: string;
}
