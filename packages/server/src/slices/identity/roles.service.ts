import type { Role, RoleCreate, RolePatch } from '@rapport/protocol/members';
import { builtInRoleNames, builtInRoles } from '@rapport/protocol/permissions';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { AccessNews } from './accessNews.ts';
import { requireAll, requireGrantable } from './granting.ts';
import { lockMembers } from './members.store.ts';
import { permissionsOfRoles } from './permissions.ts';
import type { CustomRoleRow } from './schema.ts';
import * as store from './roles.store.ts';

export type RoleService = ReturnType<typeof createRoleService>;

const toRole = (row: CustomRoleRow): Role => ({
  ...row,
  builtIn: false,
  permissions: permissionsOfRoles([], row.permissions),
});

/** The roles every organisation has, and those it makes itself from the catalogue of permissions. */
export function createRoleService({ db, audit, news }: { db: Database; audit: Audit; news: AccessNews }) {
  const requireName = async (tx: Tx, orgId: string, name: string, id: string | null) => {
    if (Object.hasOwn(builtInRoles, name.toLowerCase()) || (await store.nameTaken(tx, orgId, name, id)))
      throw new AppError('taken', { errors: [{ pointer: '/name', message: 'There is a role of this name.' }] });
  };
  const found = async (tx: Tx, orgId: string, id: string): Promise<CustomRoleRow> => {
    const row = await store.findRole(tx, orgId, id);
    if (!row) throw notFound();
    return row;
  };

  return {
    /** The built-in ones first, then by name. An organisation has few: one page. */
    async list(actor: Actor): Promise<{ items: Role[]; next: null }> {
      requireStaff(actor);
      const scope = db.in(actor.orgId);
      const [counts, custom] = await Promise.all([
        store.countBuiltIn(scope, actor.orgId),
        store.listRoles(scope, actor.orgId),
      ]);
      const builtIn = builtInRoleNames.map((id) => ({
        id,
        name: id,
        about: builtInRoles[id].text,
        builtIn: true,
        permissions: [...builtInRoles[id].permissions],
        members: counts.find(({ role }) => role === id)?.members ?? 0,
      }));
      return { items: [...builtIn, ...custom.map(toRole)], next: null };
    },

    /** Throws `taken`, `invalid-body`, and `forbidden` for a permission the actor lacks. */
    async create(actor: Actor, body: z.output<typeof RoleCreate>): Promise<Role> {
      requireStaff(actor);
      const { orgId } = actor;
      requireGrantable(body.permissions);
      requireAll(actor, body.permissions);
      const id = newId();
      return audit.acting(actor, 'role.changed', { role: id }, async (tx) => {
        await lockMembers(tx, orgId);
        await requireName(tx, orgId, body.name, null);
        await store.insertRole(tx, orgId, { id, ...body });
        return toRole(await found(tx, orgId, id));
      });
    },

    /** Changes what everybody with this role may do, at once. Throws `not-found`, `taken`, `invalid-body`, `forbidden`. */
    async update(actor: Actor, id: string, patch: z.output<typeof RolePatch>): Promise<Role> {
      requireStaff(actor);
      const { orgId } = actor;
      return audit.acting(actor, 'role.changed', { role: id }, async (tx) => {
        await lockMembers(tx, orgId);
        const row = await found(tx, orgId, id);
        const next = {
          id,
          name: patch.name ?? row.name,
          about: patch.about ?? row.about,
          permissions: patch.permissions ?? permissionsOfRoles([], row.permissions),
        };
        requireGrantable(next.permissions);
        requireAll(actor, [...permissionsOfRoles([], row.permissions), ...next.permissions]);
        await requireName(tx, orgId, next.name, id);
        await store.updateRole(tx, orgId, next);
        tx.afterCommit(() => news.changed(orgId));
        return toRole(await found(tx, orgId, id));
      });
    },

    /** Throws `not-found`, `wrong-state` while somebody has it, `forbidden`. */
    async remove(actor: Actor, id: string): Promise<void> {
      requireStaff(actor);
      const { orgId } = actor;
      await audit.acting(actor, 'role.changed', { role: id }, async (tx) => {
        await lockMembers(tx, orgId);
        const row = await found(tx, orgId, id);
        requireAll(actor, permissionsOfRoles([], row.permissions));
        if (row.members > 0)
          throw new AppError('wrong-state', { detail: 'Members have this role. Give them another one first.' });
        await store.deleteRole(tx, orgId, id);
      });
    },
  };
}
