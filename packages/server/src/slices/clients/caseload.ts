import type { Actor } from '../../platform/actor.ts';

/**
 * For whom a look-up or a list is narrowed to what is theirs: the member without the permission to see all clients, else
 * null. Stores ask `caseload_of` of the database with it. What lies outside is answered like what does not exist.
 */
export const viewerOf = (actor: Actor): string | null =>
  actor.kind === 'staff' && !actor.permissions.has('clients.read-all') ? actor.userId : null;
