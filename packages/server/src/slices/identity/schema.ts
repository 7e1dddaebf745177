export interface OrgRow {
  id: string;
  name: string;
  slug: string;
  allow_titles: boolean;
}

/** A user without the password's hash, which only the accounts read. */
export interface UserRow {
  org_id: string;
  id: string;
  name: string;
  /** Names of built-in roles and ids of custom ones. */
  roles: string[];
  /** What the custom ones among them give. */
  custom_permissions: string[];
}

export interface CredentialRow extends UserRow {
  password_hash: string | null;
}

export interface ClientTokenRow {
  org_id: string;
  id: string;
  session_id: string;
  alias: string | null;
}

export interface InvitationRow {
  id: string;
  alias: string | null;
  expires_at: string;
  accepted_at: string | null;
  revoked_at: string | null;
  created_at: string;
}
