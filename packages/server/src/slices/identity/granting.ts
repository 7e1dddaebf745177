import { builtInRoles, grantablePermissions, isPermission, type Permission } from '@rapport/protocol/permissions';
import type { StaffActor } from '../../platform/actor.ts';
import type { Db } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { permissionsOfRoles } from './permissions.ts';
import * as store from './roles.store.ts';

const grantable: ReadonlySet<string> = new Set(grantablePermissions);

/** Throws `forbidden`, naming what the actor may not do themselves and so may neither give nor take. */
export function requireAll(actor: StaffActor, wanted: Iterable<Permission>): void {
  const missing = [...wanted].filter((name) => !actor.permissions.has(name));
  const [first] = missing;
  if (first !== undefined)
    throw new AppError('forbidden', {
      detail: `Nobody gives or takes what they may not do themselves: ${missing.join(', ')}.`,
      needs: first,
    });
}

/** Those of `roles` that exist, and what they give. */
export async function existingRoles(
  db: Db,
  orgId: string,
  roles: readonly string[],
): Promise<{ roles: string[]; permissions: Permission[] }> {
  const isBuiltIn = (role: string) => Object.hasOwn(builtInRoles, role);
  const custom = await store.findCustom(
    db,
    orgId,
    roles.filter((role) => !isBuiltIn(role)),
  );
  const known = roles.filter((role) => isBuiltIn(role) || custom.some(({ id }) => id === role));
  const permissions = permissionsOfRoles(
    known,
    custom.flatMap((role) => role.permissions),
  );
  return { roles: known, permissions };
}

/** What these roles give. Throws `invalid-body` for a role that does not exist. */
export async function permissionsOf(db: Db, orgId: string, roles: readonly string[]): Promise<Permission[]> {
  const found = await existingRoles(db, orgId, roles);
  if (found.roles.length < roles.length)
    throw new AppError('invalid-body', { errors: [{ pointer: '/roles', message: 'There is no such role.' }] });
  return found.permissions;
}

/** Throws `invalid-body` for a permission that no role may hold. */
export function requireGrantable(permissions: readonly string[]): asserts permissions is Permission[] {
  const wrong = permissions.find((name) => !isPermission(name) || !grantable.has(name));
  if (wrong !== undefined)
    throw new AppError('invalid-body', {
      errors: [{ pointer: '/permissions', message: `No role can hold ${wrong}.` }],
    });
}
