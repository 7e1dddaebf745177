import type { MemberInvitation } from '@rapport/protocol/members';
import type { Db, Tx } from '../../platform/db/db.ts';
import type { MemberInvitationRow } from './schema.ts';

const columns = `i.id, i.email, i.name, i.roles, i.invited_by,
  (select u.name from app_user u where u.org_id = i.org_id and u.id = i.invited_by) as invited_by_name,
  i.expires_at, i.accepted_at, i.revoked_at, i.created_at`;

export const toInvitation = (row: MemberInvitationRow): MemberInvitation => ({
  id: row.id,
  email: row.email,
  name: row.name,
  roles: row.roles,
  invitedBy: row.invited_by_name,
  expiresAt: row.expires_at,
  acceptedAt: row.accepted_at,
  revokedAt: row.revoked_at,
  createdAt: row.created_at,
});

export interface NewMemberInvitation {
  id: string;
  tokenHash: Buffer;
  email: string | null;
  name: string | null;
  roles: readonly string[];
  invitedBy: string | null;
  expiresInSeconds: number;
}

export const insertInvitation = async (db: Db, orgId: string, i: NewMemberInvitation): Promise<string> =>
  (
    await db.one<{ expires_at: string }>(
      `insert into member_invitation (org_id, id, token_hash, email, name, roles, invited_by, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(secs => $8)) returning expires_at`,
      [orgId, i.id, i.tokenHash, i.email, i.name, i.roles, i.invitedBy, i.expiresInSeconds],
    )
  ).expires_at;

/** Newest first; `before` is the id the page starts below. */
export const listInvitations = (db: Db, orgId: string, before: string | null, limit: number) =>
  db.many<MemberInvitationRow>(
    `select ${columns} from member_invitation i
     where i.org_id = $1 and ($2::uuid is null or i.id < $2) order by i.id desc limit $3`,
    [orgId, before, limit],
  );

/** The number of open invitations found; one that was withdrawn before keeps its time. */
export const revokeInvitation = (db: Db, orgId: string, id: string) =>
  db.exec(
    `update member_invitation set revoked_at = coalesce(revoked_at, now())
     where org_id = $1 and id = $2 and accepted_at is null`,
    [orgId, id],
  );

export interface OpenMemberInvitation extends MemberInvitationRow {
  org_id: string;
  org_name: string;
  org_slug: string;
}

const openColumns = `i.org_id, o.name as org_name, o.slug as org_slug, ${columns}`;
const open = `i.token_hash = $1 and i.accepted_at is null and i.revoked_at is null and i.expires_at > now()`;

/** An invitation that is still good; the token is what tells the organisation. */
export const findOpen = (db: Db, tokenHash: Buffer) =>
  db.maybe<OpenMemberInvitation>(
    `select ${openColumns} from member_invitation i join org o on o.id = i.org_id where ${open}`,
    [tokenHash],
  );

/** As `findOpen`, and nobody else accepts it until the commit. */
export const takeOpen = (tx: Tx, tokenHash: Buffer) =>
  tx.maybe<OpenMemberInvitation>(
    `select ${openColumns} from member_invitation i join org o on o.id = i.org_id where ${open} for update of i`,
    [tokenHash],
  );

export const markAccepted = (tx: Tx, orgId: string, id: string, userId: string) =>
  tx.exec('update member_invitation set accepted_at = now(), accepted_by = $3 where org_id = $1 and id = $2', [
    orgId,
    id,
    userId,
  ]);
