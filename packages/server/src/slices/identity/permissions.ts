import { builtInRoles, grantablePermissions, isPermission, type Permission } from '@rapport/protocol/permissions';
import type { Actor } from '../../platform/actor.ts';

const grantable: ReadonlySet<string> = new Set(grantablePermissions);

/** Whether the actor has the permission a route declares. */
export const allows = (actor: Actor | null, permission: Permission): boolean =>
  permission === 'public' || (actor?.permissions.has(permission) ?? false);

const ofRole = (role: string): readonly Permission[] =>
  Object.hasOwn(builtInRoles, role) ? builtInRoles[role as keyof typeof builtInRoles].permissions : [];

/**
 * What these roles give together, without what everybody has. `custom` are the permissions of custom roles as they were
 * stored: one that the catalogue has dropped since gives nothing.
 */
export function permissionsOfRoles(roles: readonly string[], custom: readonly string[]): Permission[] {
  const granted = custom.filter(isPermission).filter((name) => grantable.has(name));
  return [...new Set([...roles.flatMap(ofRole), ...granted])];
}

/** What a member signed in themselves may do. */
export const permissionsOfMember = (roles: readonly string[], custom: readonly string[]): ReadonlySet<Permission> =>
  new Set<Permission>(['signed-in', 'own-account', ...permissionsOfRoles(roles, custom)]);
