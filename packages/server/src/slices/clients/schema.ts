import type { Rung } from '@rapport/protocol/supervision';

export interface ClientRow {
  policy: Rung;
  id: string;
  name: string;
  profile: Buffer;
  created_at: string;
  updated_at: string;
}

/** What the sealed `profile` column holds. The name stays in clear: lists are searched and sorted by it. */
export interface ClientProfile {
  language: string;
  about: string;
}
