import type { Page } from '@rapport/protocol/common';
import type { Team } from '@rapport/protocol/members';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Db } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { AccessNews } from './accessNews.ts';
import type { TeamRow } from './schema.ts';
import * as store from './teams.store.ts';

export type TeamService = ReturnType<typeof createTeamService>;

const toTeam = (row: TeamRow): Team => ({
  id: row.id,
  name: row.name,
  members: row.members,
  createdAt: row.created_at,
});
const taken = () => new AppError('taken', { errors: [{ pointer: '/name', message: 'There is a team of this name.' }] });

/** Groups of members. Whoever belongs to a team may see the clients assigned to it. */
export function createTeamService({ db, audit, news }: { db: Database; audit: Audit; news: AccessNews }) {
  const found = async (scope: Db, orgId: string, id: string): Promise<Team> => {
    const row = await store.findTeam(scope, orgId, id);
    if (!row) throw notFound();
    return toTeam(row);
  };

  return {
    /** Newest first. */
    async list(actor: Actor, page: Page): Promise<{ items: Team[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listTeams(db.in(actor.orgId), actor.orgId, before, page.limit + 1);
      return toPage(rows, page.limit, toTeam, (row) => encodeCursor(row.id));
    },

    /** Throws `taken`. */
    async create(actor: Actor, name: string): Promise<Team> {
      requireStaff(actor);
      const { orgId } = actor;
      const id = newId();
      return audit.acting(actor, 'team.changed', { team: id }, async (tx) => {
        if ((await store.insertTeam(tx, orgId, id, name)) === 0) throw taken();
        return found(tx, orgId, id);
      });
    },

    /** Throws `not-found`, `taken`. */
    async rename(actor: Actor, id: string, name: string): Promise<Team> {
      requireStaff(actor);
      const { orgId } = actor;
      return audit.acting(actor, 'team.changed', { team: id }, async (tx) => {
        if (!(await store.lockTeam(tx, orgId, id))) throw notFound();
        if (await store.nameTaken(tx, orgId, name, id)) throw taken();
        await store.renameTeam(tx, orgId, id, name);
        return found(tx, orgId, id);
      });
    },

    /**
     * Replaces who belongs to it, at once also for what they may see. A function is given who belongs to it now, while nobody
     * else changes that. Throws `not-found`, `invalid-body` for an unknown member.
     */
    async setMembers(
      actor: Actor,
      id: string,
      memberIds: readonly string[] | ((present: readonly string[]) => readonly string[]),
    ): Promise<Team> {
      requireStaff(actor);
      const { orgId } = actor;
      return db.in(orgId).tx(async (tx) => {
        if (!(await store.lockTeam(tx, orgId, id))) throw notFound();
        const present = (await found(tx, orgId, id)).members.map((member) => member.id);
        const wanted = [...new Set(typeof memberIds === 'function' ? memberIds(present) : memberIds)];
        if ((await store.knownMembers(tx, orgId, wanted)).length < wanted.length)
          throw new AppError('invalid-body', {
            errors: [{ pointer: '/memberIds', message: 'There is no such member.' }],
          });
        audit.record(tx, actor, 'team.changed', { team: id, user: wanted });
        await store.setMembers(tx, orgId, id, wanted);
        tx.afterCommit(() => news.changed(orgId));
        return found(tx, orgId, id);
      });
    },

    /** Its clients stay with whomever else they are assigned to. Throws `not-found`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      await audit.acting(actor, 'team.changed', { team: id }, async (tx) => {
        if ((await store.deleteTeam(tx, actor.orgId, id)) === 0) throw notFound();
      });
      news.changed(actor.orgId);
    },
  };
}
