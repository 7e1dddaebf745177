import type { EventActor } from '@rapport/protocol/events';
import { AppError, notFound } from './errors.ts';

/** A member of the organisation's team. */
export interface StaffActor {
  kind: 'staff';
  orgId: string;
  userId: string;
  name: string;
  role: string;
}

/** A client who holds an access token for one session, and nothing else. */
export interface ClientActor {
  kind: 'client';
  orgId: string;
  sessionId: string;
  tokenId: string;
  name: string | null;
}

export type Actor = StaffActor | ClientActor;

/** Throws `not-found` for a client: what staff see does not exist for them. */
export function requireStaff(actor: Actor): asserts actor is StaffActor {
  if (actor.kind !== 'staff') throw notFound();
}

export function requireOwner(actor: Actor): asserts actor is StaffActor {
  requireStaff(actor);
  if (actor.role !== 'owner') throw new AppError('forbidden', { detail: 'Only the owner may do this.' });
}

export const asEventActor = (actor: Actor): EventActor =>
  actor.kind === 'staff'
    ? { kind: 'staff', id: actor.userId, name: actor.name }
    : { kind: 'client', id: null, name: actor.name };

export const audienceOf = (actor: Actor): 'all' | 'staff' => (actor.kind === 'staff' ? 'staff' : 'all');
