export interface PersonaRow {
  id: string;
  draft: Buffer;
  draft_changed: boolean;
  published_version: number | null;
  archived: boolean;
  created_at: string;
  updated_at: string;
}

export interface PersonaVersionRow {
  persona_id: string;
  version: number;
  spec: Buffer;
  published_at: string;
}
