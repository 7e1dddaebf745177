import type { Page } from '@rapport/protocol/common';
import type {
  MemberInvitation,
  MemberInvitationAccept,
  MemberInvitationAccepted,
  MemberInvitationCreate,
  MemberInvitationCreated,
  MemberInvitationView,
} from '@rapport/protocol/members';
import type { z } from 'zod';
import type { Config } from '../../config/config.ts';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { hashToken, newId, newToken } from '../../platform/ids.ts';
import type { Letter } from '../../platform/mail/letter.ts';
import { timeInLetter } from '../../platform/mail/mail.ts';
import { existingRoles, permissionsOf, requireAll } from './granting.ts';
import * as store from './memberInvitations.store.ts';
import { requireFree } from './members.service.ts';
import * as members from './members.store.ts';
import { createNewLogins } from './newLogins.ts';
import type { SignInThrottle } from './throttle.ts';
import { permissionsOfRoles } from './permissions.ts';

export type MemberInvitationService = ReturnType<typeof createMemberInvitationService>;

/** What a letter to somebody invited tells. */
export interface MemberInvitationLetter {
  orgId: string;
  to: string;
  url: string;
  organisation: string;
  invitedBy: string;
  expiresAt: string;
}

export interface MemberInvitationDeps {
  db: Database;
  audit: Audit;
  config: Pick<Config, 'publicUrl'>;
  organisationName(orgId: string): Promise<string>;
  throttle: SignInThrottle;
  /** Sends the letter. False where this server sends no e-mail. */
  onInvited?: (letter: MemberInvitationLetter) => Promise<boolean>;
}

export const invitationLetter = (told: MemberInvitationLetter): Letter => ({
  to: told.to,
  subject: `Invitation to ${told.organisation}`,
  text: `${told.invitedBy} invites you to work with ${told.organisation} in Rapport.\n\n${told.url}\n\nThe link is good until ${timeInLetter(told.expiresAt)}.\n`,
});

/** Where the page of a link is, for a server reached under `base`. */
export const memberInvitationUrl = (base: string, token: string): string =>
  `${base.replace(/\/+$/, '')}/join-team/${token}`;

export function createMemberInvitationService({
  db,
  audit,
  config,
  organisationName,
  throttle,
  onInvited,
}: MemberInvitationDeps) {
  return {
    /**
     * The token is given this one time. `origin` is the address the request came to, used where no public one is
     * configured. Throws `taken`, `invalid-body` for an unknown role, `forbidden` for a role that gives what the actor lacks.
     */
    async create(
      actor: Actor,
      body: z.output<typeof MemberInvitationCreate>,
      origin: string,
    ): Promise<MemberInvitationCreated> {
      requireStaff(actor);
      const { orgId } = actor;
      const [token, id] = [newToken(), newId()];
      const email = body.email ?? null;
      const expiresAt = await audit.acting(actor, 'member.invited', { invitation: id }, async (tx) => {
        requireAll(actor, await permissionsOf(tx, orgId, body.roles));
        await requireFree(tx, orgId, { id: null, name: body.name ?? null, email });
        return store.insertInvitation(tx, orgId, {
          id,
          tokenHash: hashToken(token),
          email,
          name: body.name ?? null,
          roles: body.roles,
          invitedBy: actor.userId,
          expiresInSeconds: body.expiresInSeconds,
        });
      });
      const url = memberInvitationUrl(config.publicUrl ?? origin, token);
      const letter = email !== null && {
        orgId,
        to: email,
        url,
        organisation: await organisationName(orgId),
        invitedBy: actor.name,
        expiresAt,
      };
      return { id, token, url, expiresAt, sent: letter ? ((await onInvited?.(letter)) ?? false) : false };
    },

    /** Newest first. */
    async list(actor: Actor, page: Page): Promise<{ items: MemberInvitation[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listInvitations(db.in(actor.orgId), actor.orgId, before, page.limit + 1);
      return toPage(rows, page.limit, store.toInvitation, (row) => encodeCursor(row.id));
    },

    /** Throws `not-found`, also for one that was accepted. */
    async revoke(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      await audit.acting(actor, 'member.invitation-withdrawn', { invitation: id }, async (tx) => {
        if ((await store.revokeInvitation(tx, actor.orgId, id)) === 0) throw notFound();
      });
    },

    ...createAcceptance(db, audit, throttle),
  };
}

function createAcceptance(db: Database, audit: Audit, throttle: SignInThrottle) {
  const loginFor = createNewLogins(db, throttle);
  return {
    /** What the link's page shows. Throws `invitation-gone`, alike for an unknown, an expired, a withdrawn and a used one. */
    async view(token: string): Promise<MemberInvitationView> {
      const found = await store.findOpen(db.everywhere, hashToken(token));
      if (!found) throw new AppError('invitation-gone');
      return {
        organisation: { name: found.org_name, slug: found.org_slug },
        name: found.name,
        email: found.email,
        expiresAt: found.expires_at,
      };
    },

    /** Makes the member, who signs in with what is answered. Once. Throws `invitation-gone`, `taken`, `wrong-password`
     * where the address has a login already and the password is not its. */
    async accept(token: string, body: z.output<typeof MemberInvitationAccept>): Promise<MemberInvitationAccepted> {
      // Before the costly hash: a stranger must not make the server work for a link that is none.
      const offered = await store.findOpen(db.everywhere, hashToken(token));
      if (!offered) throw new AppError('invitation-gone');
      const login = await loginFor(offered.email ?? body.email ?? null, body, [offered.org_name, offered.org_slug]);
      return db.everywhere.tx(async (tx) => {
        const found = await store.takeOpen(tx, hashToken(token));
        const roles = found && (await rolesStillGiven(tx, found));
        if (!found || !roles) throw new AppError('invitation-gone');
        const orgId = found.org_id;
        await members.lockMembers(tx, orgId);
        const member = { id: newId(), name: body.name, email: found.email ?? body.email ?? null };
        await requireFree(tx, orgId, { ...member, id: null });
        const loginId = await login(tx, member);
        await members.insertMember(tx, orgId, { ...member, loginId });
        await members.setRoles(tx, orgId, member.id, roles);
        await store.markAccepted(tx, orgId, found.id, member.id);
        const joined = { kind: 'staff' as const, orgId, userId: member.id, keyId: null };
        audit.record(tx, joined, 'member.joined', { user: member.id, invitation: found.id });
        return { organisation: found.org_slug, name: member.email ?? member.name };
      });
    },
  };
}

/**
 * The roles, if whoever invited could still give them: an invitation ends with the rights of its maker. Roles that have been
 * deleted since are left out; null where none remains.
 */
async function rolesStillGiven(tx: Tx, invitation: store.OpenMemberInvitation): Promise<string[] | null> {
  const { org_id: orgId, invited_by: by } = invitation;
  const { roles, permissions } = await existingRoles(tx, orgId, invitation.roles);
  if (roles.length === 0) return null;
  if (by === null) return roles;
  const inviter = await members.findMember(tx, orgId, by);
  if (!inviter || inviter.status !== 'active') return null;
  const own = new Set(permissionsOfRoles(inviter.roles, inviter.custom_permissions));
  return own.has('members.manage') && permissions.every((name) => own.has(name)) ? roles : null;
}
