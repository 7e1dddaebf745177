export interface OrgRow {
  id: string;
  name: string;
  slug: string;
  allow_titles: boolean;
}

export interface UserRow {
  org_id: string;
  id: string;
  name: string;
  /** Names of built-in roles and ids of custom ones. */
  roles: string[];
  /** What the custom ones among them give. */
  custom_permissions: string[];
}

export interface ClientTokenRow {
  token_hash: Buffer;
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

export interface MemberRow {
  id: string;
  name: string;
  /** What the database sorts by; its lower case is not that of JavaScript. */
  sort_key: string;
  email: string | null;
  status: 'active' | 'disabled';
  created_at: string;
  roles: string[];
  custom_permissions: string[];
  teams: { id: string; name: string }[];
}

export interface CustomRoleRow {
  id: string;
  name: string;
  about: string;
  permissions: string[];
  members: number;
}

export interface MemberInvitationRow {
  id: string;
  email: string | null;
  name: string | null;
  roles: string[];
  invited_by: string | null;
  invited_by_name: string | null;
  expires_at: string;
  accepted_at: string | null;
  revoked_at: string | null;
  created_at: string;
}

export interface TeamRow {
  id: string;
  name: string;
  created_at: string;
  members: { id: string; name: string }[];
}

export interface ApiKeyRow {
  id: string;
  name: string;
  hint: string;
  user_id: string;
  user_name: string;
  scopes: string[];
  expires_at: string | null;
  last_used_at: string | null;
  created_at: string;
}

/** A provider of OpenID Connect, with its secret opened. */
export interface IdentityProvider {
  orgId: string;
  id: string;
  issuer: string;
  clientId: string;
  clientSecret: string | null;
  checksSecondFactor: boolean;
  updatedAt: string;
}

export interface IdentityProviderRow {
  org_id: string;
  id: string;
  label: string;
  issuer: string;
  client_id: string;
  client_secret: Buffer | null;
  checks_second_factor: boolean;
  updated_at: string;
}

export interface LoginRow {
  id: string;
  email: string;
  email_verified: boolean;
  two_factor_enabled: boolean;
}

export interface LoginSessionRow {
  id: string;
  method: string;
  bound: boolean;
  ip_address: string | null;
  user_agent: string | null;
  created_at: string;
  expires_at: string;
}

/** A member as a login session shows them. */
export interface SignedInRow extends UserRow {
  token: string;
  session_id: string;
  login_id: string;
  method: string;
  bound: boolean;
  second_factor_required: boolean;
}

export interface PasskeyRow {
  id: string;
  name: string | null;
  backed_up: boolean;
  created_at: string;
}

/** A member as a directory sees them; roles by name. */
export interface DirectoryUserRow {
  id: string;
  user_name: string;
  external_id: string | null;
  name: string;
  email: string | null;
  status: 'active' | 'disabled';
  created_at: string;
  roles: string[];
  teams: { id: string; name: string }[];
}

export interface DirectoryGroupRow {
  id: string;
  name: string;
  external_id: string | null;
  created_at: string;
  members: { id: string; name: string }[];
}
