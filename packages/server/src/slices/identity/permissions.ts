import { permissions, type Permission } from '@rapport/protocol/permissions';
import type { Actor } from '../../platform/actor.ts';

const isPermission = (name: string): name is Permission => Object.hasOwn(permissions, name);

/** Whether the actor has the permission; nobody has one that the catalogue does not know. */
export function allows(actor: Actor | null, permission: string): boolean {
  if (!isPermission(permission)) return false;
  if (permission === 'public') return true;
  if (!actor) return false;
  const roles: readonly string[] = permissions[permission].roles;
  return roles.includes(actor.kind === 'client' ? 'client' : actor.role);
}
