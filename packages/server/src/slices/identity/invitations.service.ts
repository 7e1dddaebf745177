import type { Page } from '@rapport/protocol/common';
import type {
  Invitation,
  InvitationAccept,
  InvitationAccepted,
  InvitationCreate,
  InvitationCreated,
  InvitationView,
} from '@rapport/protocol/sessions';
import type { z } from 'zod';
import type { Config } from '../../config/config.ts';
import type { Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { hashToken, newId, newToken } from '../../platform/ids.ts';
import * as store from './invitations.store.ts';

export type InvitationService = ReturnType<typeof createInvitationService>;

export interface Joined {
  orgId: string;
  sessionId: string;
  roomId: string;
  alias: string | null;
  /** False for a further device of somebody who has joined before. */
  first: boolean;
}

export interface InvitationDeps {
  db: Database;
  audit: Audit;
  config: Pick<Config, 'publicUrl'>;
  /** Throws `not-found` for a session that does not exist or that the actor may not see. */
  requireSession(actor: Actor, sessionId: string): Promise<unknown>;
  /** Runs in the transaction that lets the client in. */
  onAccepted?: (tx: Tx, joined: Joined) => Promise<void>;
  /** Runs after tokens have become worthless: forget what is remembered of them. */
  onRevoked?: (orgId: string) => void;
}

export function createInvitationService({ db, audit, config, requireSession, onAccepted, onRevoked }: InvitationDeps) {
  return {
    /**
     * The token is given this one time. `origin` is the address the request came to, used where no public one is
     * configured. Throws `not-found`.
     */
    async create(
      actor: Actor,
      sessionId: string,
      body: z.output<typeof InvitationCreate>,
      origin: string,
    ): Promise<z.output<typeof InvitationCreated>> {
      await requireSession(actor, sessionId);
      const token = newToken();
      const id = newId();
      const invitation = await audit.acting(actor, 'session.invited', { session: sessionId, invitation: id }, (tx) =>
        store.insertInvitation(tx, actor.orgId, sessionId, {
          id,
          tokenHash: hashToken(token),
          alias: body.alias ?? null,
          expiresInSeconds: body.expiresInSeconds,
        }),
      );
      const base = (config.publicUrl ?? origin).replace(/\/+$/, '');
      return { id: invitation.id, token, url: `${base}/join/${token}`, expiresAt: invitation.expiresAt };
    },

    /** Newest first. Throws `not-found`. */
    async list(actor: Actor, sessionId: string, page: Page): Promise<{ items: Invitation[]; next: string | null }> {
      await requireSession(actor, sessionId);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listInvitations(db.in(actor.orgId), actor.orgId, sessionId, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (row) => row,
        (row) => encodeCursor(row.id),
      );
    },

    /** Withdraws the link and every access token made from it. Throws `not-found`. */
    async revoke(actor: Actor, sessionId: string, id: string): Promise<void> {
      await requireSession(actor, sessionId);
      const subjects = { session: sessionId, invitation: id };
      await audit.acting(actor, 'session.invitation-withdrawn', subjects, async (tx) => {
        if ((await store.revokeInvitation(tx, actor.orgId, sessionId, id)) === 0) throw notFound();
      });
      onRevoked?.(actor.orgId);
    },

    /** For whoever holds the link. Throws `invitation-gone` as `accept` does. */
    async view(token: string): Promise<InvitationView> {
      const found = await store.lookAtInvitation(db.everywhere, hashToken(token));
      if (!found) throw new AppError('invitation-gone');
      const { organisation, persona_name: name, persona_role: role } = found;
      return { organisation: { name: organisation }, persona: { name, role } };
    },

    accept: createAccept(db, audit, onAccepted),
  };
}

function createAccept(db: Database, audit: Audit, onAccepted: InvitationDeps['onAccepted']) {
  /**
   * Lets in whoever holds the link, again on each further device, with an access token for the client's side of the
   * session. Throws `invitation-gone`, alike for an unknown, an expired and a withdrawn one.
   */
  return (token: string, body: z.output<typeof InvitationAccept>): Promise<InvitationAccepted> => {
    const accessToken = newToken();
    return db.everywhere.tx(async (tx) => {
      const found = await store.takeInvitation(tx, hashToken(token));
      if (!found) throw new AppError('invitation-gone');
      const { org_id: orgId, session_id: sessionId, room_id: roomId } = found;
      const alias = body.alias ?? found.alias;
      await store.markAccepted(tx, orgId, found.id);
      const tokenId = newId();
      const client = { kind: 'client' as const, orgId, tokenId };
      audit.record(tx, client, 'session.invitation-accepted', { session: sessionId, invitation: found.id });
      await store.insertAccessToken(tx, orgId, {
        id: tokenId,
        invitationId: found.id,
        sessionId,
        tokenHash: hashToken(accessToken),
        alias,
      });
      await onAccepted?.(tx, { orgId, sessionId, roomId, alias, first: found.accepted_at === null });
      return { accessToken, sessionId, roomId };
    });
  };
}
