import type { Invitation } from '@rapport/protocol/sessions';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { InvitationRow } from './schema.ts';

const columns = 'id, alias, expires_at, accepted_at, revoked_at, created_at';

const toInvitation = (row: InvitationRow): Invitation => ({
  id: row.id,
  alias: row.alias,
  expiresAt: row.expires_at,
  acceptedAt: row.accepted_at,
  revokedAt: row.revoked_at,
  createdAt: row.created_at,
});

export async function insertInvitation(
  db: Db,
  orgId: string,
  sessionId: string,
  invitation: { id: string; tokenHash: Buffer; alias: string | null; expiresInSeconds: number },
): Promise<Invitation> {
  const row = await db.one<InvitationRow>(
    `insert into invitation (org_id, id, session_id, token_hash, alias, expires_at)
     values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6)) returning ${columns}`,
    [orgId, invitation.id, sessionId, invitation.tokenHash, invitation.alias, invitation.expiresInSeconds],
  );
  return toInvitation(row);
}

/** Newest first; `before` is the id the page starts below. */
export async function listInvitations(
  db: Db,
  orgId: string,
  sessionId: string,
  before: string | null,
  limit: number,
): Promise<Invitation[]> {
  const rows = await db.many<InvitationRow>(
    `select ${columns} from invitation
     where org_id = $1 and session_id = $2 and ($3::uuid is null or id < $3) order by id desc limit $4`,
    [orgId, sessionId, before, limit],
  );
  return rows.map(toInvitation);
}

/** The number of invitations found; one that was revoked before keeps its time. */
export const revokeInvitation = (db: Db, orgId: string, sessionId: string, id: string) =>
  db.exec(
    `update invitation set revoked_at = coalesce(revoked_at, now()) where org_id = $1 and session_id = $2 and id = $3`,
    [orgId, sessionId, id],
  );

export interface OpenInvitation {
  org_id: string;
  id: string;
  session_id: string;
  room_id: string;
  alias: string | null;
  accepted_at: string | null;
}

/** Locks the invitation, if it is still good; the token is what tells the organisation. */
export const takeInvitation = (tx: Tx, tokenHash: Buffer) =>
  tx.maybe<OpenInvitation>(
    `select i.org_id, i.id, i.session_id, s.room_id, i.alias, i.accepted_at from invitation i
     join session s on s.org_id = i.org_id and s.id = i.session_id
     where i.token_hash = $1 and i.revoked_at is null and i.expires_at > now() for update of i`,
    [tokenHash],
  );

/** Who invites, and to talk with whom; the token is what tells the organisation. */
export const lookAtInvitation = (everywhere: Db, tokenHash: Buffer) =>
  everywhere.maybe<{ organisation: string; persona_name: string; persona_role: string }>(
    `select o.name as organisation, s.persona_name, s.persona_role from invitation i
     join org o on o.id = i.org_id
     join session s on s.org_id = i.org_id and s.id = i.session_id
     where i.token_hash = $1 and i.revoked_at is null and i.expires_at > now()`,
    [tokenHash],
  );

export const markAccepted = (tx: Tx, orgId: string, id: string) =>
  tx.exec('update invitation set accepted_at = coalesce(accepted_at, now()) where org_id = $1 and id = $2', [
    orgId,
    id,
  ]);

export const insertAccessToken = (
  tx: Tx,
  orgId: string,
  token: { id: string; invitationId: string; sessionId: string; tokenHash: Buffer; alias: string | null },
) =>
  tx.exec(
    `insert into access_token (org_id, id, invitation_id, session_id, token_hash, alias)
     values ($1, $2, $3, $4, $5, $6)`,
    [orgId, token.id, token.invitationId, token.sessionId, token.tokenHash, token.alias],
  );
