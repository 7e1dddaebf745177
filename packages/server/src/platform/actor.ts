import type { EventActor } from '@rapport/protocol/events';
import type { Permission } from '@rapport/protocol/permissions';
import { notFound } from './errors.ts';

/** A member of the organisation's team. */
export interface StaffActor {
  kind: 'staff';
  orgId: string;
  userId: string;
  name: string;
  /** Names of built-in roles and ids of custom ones: what to show. What decides is `permissions`. */
  roles: readonly string[];
  permissions: ReadonlySet<Permission>;
  /** The API key this member acts through; null where they are signed in themselves. */
  keyId: string | null;
}

/** A client who holds an access token for one session, and nothing else. */
export interface ClientActor {
  kind: 'client';
  orgId: string;
  sessionId: string;
  tokenId: string;
  name: string | null;
  permissions: ReadonlySet<Permission>;
}

export type Actor = StaffActor | ClientActor;

/**
 * For a method that only makes sense for the team; that they may use it, the route has checked. Throws `not-found` for a
 * client: what staff see does not exist for them.
 */
export function requireStaff(actor: Actor): asserts actor is StaffActor {
  if (actor.kind !== 'staff') throw notFound();
}

/** Whom a token or a login stands for; for as long as it is the same, a connection may go on. */
export const actorKey = (actor: Actor): string =>
  actor.kind === 'client' ? `client/${actor.tokenId}` : actor.keyId ? `key/${actor.keyId}` : `staff/${actor.userId}`;

export const asEventActor = (actor: Actor): EventActor =>
  actor.kind === 'staff'
    ? { kind: 'staff', id: actor.userId, name: actor.name }
    : { kind: 'client', id: null, name: actor.name };

export const audienceOf = (actor: Actor): 'all' | 'staff' => (actor.kind === 'staff' ? 'staff' : 'all');
