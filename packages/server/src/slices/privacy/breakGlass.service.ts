import type {
  BreakGlassClients,
  BreakGlassCreate,
  BreakGlassGrant,
  BreakGlassQuery,
} from '@rapport/protocol/breakGlass';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { timeInLetter } from '../../platform/mail/mail.ts';
import * as store from './breakGlass.store.ts';

export type BreakGlassService = ReturnType<typeof createBreakGlassService>;

interface Deps {
  db: Database;
  audit: Audit;
  /** Called after a commit that changes what somebody may see. */
  onChanged(orgId: string): void;
  /** Called after an access was opened, to tell those who look after such accesses. */
  onOpened(actor: StaffActor, grant: BreakGlassGrant): void;
}

/** Says neither whose record it is nor why: mail is read by others. */
export const breakGlassLetter = (told: { name: string; expiresAt: string; publicUrl: string | null }) => ({
  subject: `${told.name} broke the glass`,
  text: `${told.name} opened the record of a client who is not assigned to them. The access ends on ${timeInLetter(told.expiresAt)}.\n\nWhose record it is, and why, stands in Rapport under Audit, Break-glass access. You can end it there.${told.publicUrl ? `\n\n${told.publicUrl}/break-glass` : ''}\n`,
});

async function toGrant(db: Db, orgId: string, row: store.GrantRow): Promise<BreakGlassGrant> {
  return {
    id: row.id,
    userId: row.user_id,
    userName: row.user_name,
    clientId: row.client_id,
    clientName: row.client_name,
    reason: await store.openReason(db, orgId, row),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
    active: row.active,
  };
}

/** Whoever sees every client anyway looks after those who do not: they see everybody's accesses and may end them. */
const mayReview = (actor: Actor): boolean => actor.permissions.has('clients.read-all');

/** Access for a while, with a reason, to a client outside one's caseload. Supervisors see it at once. */
export function createBreakGlassService({ db, audit, onChanged, onOpened }: Deps) {
  return {
    /** Clients of exactly this name, also outside the caseload; the look-up is in the audit log. */
    async find(actor: Actor, name: string): Promise<BreakGlassClients> {
      requireStaff(actor);
      const found = await store.findByName(db.in(actor.orgId), actor.orgId, name);
      await audit.note(actor, 'break-glass.looked-up', { client: found.map(({ id }) => id) });
      return { items: found.map((row) => ({ id: row.id, name: row.name, createdAt: row.created_at })) };
    },

    /** Opens the access. Throws `not-found` for an unknown client, `audit-unavailable`. */
    async open(actor: Actor, body: BreakGlassCreate): Promise<BreakGlassGrant> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      const { clientId, minutes } = body;
      if (!(await store.clientExists(db.in(orgId), orgId, clientId))) throw notFound();
      const id = newId();
      const grant = await audit.acting(actor, 'break-glass.opened', { grant: id, client: clientId }, async (tx) => {
        const reason = await store.sealReason(tx, orgId, id, clientId, body.reason);
        if (!(await store.insertGrant(tx, orgId, { id, userId, clientId, reason, minutes }))) throw notFound();
        tx.afterCommit(() => onChanged(orgId));
        const row = await store.findGrant(tx, orgId, id);
        if (!row) throw notFound();
        return toGrant(tx, orgId, row);
      });
      onOpened(actor, grant);
      return grant;
    },

    /** Newest first: everybody's for those who review, one's own for others. */
    async list(actor: Actor, query: BreakGlassQuery): Promise<{ items: BreakGlassGrant[]; next: string | null }> {
      requireStaff(actor);
      const { orgId } = actor;
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const userId = mayReview(actor) ? null : actor.userId;
      const scope = { userId, active: query.active ?? false };
      const rows = await store.listGrants(db.in(orgId), orgId, scope, before, query.limit + 1);
      const page = toPage(
        rows,
        query.limit,
        (row) => row,
        (row) => encodeCursor(row.id),
      );
      return { ...page, items: await Promise.all(page.items.map((row) => toGrant(db.in(orgId), orgId, row))) };
    },

    /** Ends it early: one's own, or as one who reviews. Throws `not-found`, `wrong-state` where it has ended already. */
    async end(actor: Actor, id: string): Promise<BreakGlassGrant> {
      requireStaff(actor);
      const { orgId } = actor;
      const known = await store.findGrant(db.in(orgId), orgId, id);
      if (!known || (known.user_id !== actor.userId && !mayReview(actor))) throw notFound();
      return audit.acting(actor, 'break-glass.ended', { grant: id, client: known.client_id }, async (tx) => {
        if ((await store.endGrant(tx, orgId, id, actor.userId)) === 0)
          throw new AppError('wrong-state', { detail: 'This access has ended already.' });
        tx.afterCommit(() => onChanged(orgId));
        const row = await store.findGrant(tx, orgId, id);
        if (!row) throw notFound();
        return toGrant(tx, orgId, row);
      });
    },
  };
}
