import type { MemoryEvidence, MemoryReference, Quote } from '@rapport/protocol/memory';
import type { Actor, StaffActor } from '../../platform/actor.ts';
import type { Db } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import { readerOf } from '../knowledge/bases.service.ts';
import { standsIn } from './quotes.ts';
import type { MemorySubject } from './schema.ts';
import * as store from './store.ts';

/** A message that is quoted, as the slice that owns it tells of it. */
export interface Said {
  id: string;
  sessionId: string;
  clientId: string | null;
  author: 'client' | 'persona' | 'staff';
  text: string;
}

/** What memories need of sessions, which come later in the order of slices. */
export interface MemoryPlaces {
  said(db: Db, orgId: string, messageIds: string[]): Promise<Said[]>;
  /** Throws `not-found` for a session this actor may not know of; returns whose it is and which thread it continues. */
  enter(actor: Actor, sessionId: string): Promise<{ clientId: string | null; threadId: string | null }>;
  hasReply(orgId: string, sessionId: string, replyId: string): Promise<boolean>;
}

const refuse = (pointer: string, message: string): never => {
  throw new AppError('invalid-body', { errors: [{ pointer, message }] });
};

/**
 * The quotes with where they stand. Throws `invalid-body` for one that is not, letter for letter, at its range of a message
 * in a conversation with the client whom the memory is about; another client's message answers like one that is not there.
 */
export async function checkQuotes(
  places: MemoryPlaces,
  db: Db,
  orgId: string,
  subject: MemorySubject,
  quotes: Quote[],
): Promise<(MemoryEvidence & Pick<Said, 'author'>)[]> {
  if (quotes.length > 0 && subject.clientId === null)
    refuse('/evidence', 'What a client said is remembered of that client alone.');
  const found = await places.said(db, orgId, [...new Set(quotes.map(({ messageId }) => messageId))]);
  return quotes.map((quote, i) => {
    const message = found.find(({ id, clientId }) => id === quote.messageId && clientId === subject.clientId);
    if (!message || !standsIn(message.text, quote))
      return refuse(`/evidence/${i}`, 'This quote does not stand there, word for word.');
    const { sessionId, author } = message;
    return { ...quote, sessionId, author };
  });
}

/** Throws `invalid-body` for a reference to what is not there, is about somebody else, or may not be read by who refers to it. */
export async function checkReferences(
  places: MemoryPlaces,
  actor: StaffActor,
  db: Db,
  subject: MemorySubject,
  references: MemoryReference[],
): Promise<void> {
  const { orgId } = actor;
  const isThere = async ({ kind, id }: MemoryReference): Promise<boolean> => {
    if (kind === 'document') return store.documentExists(db, orgId, id, readerOf(actor));
    if (kind === 'message')
      return (await places.said(db, orgId, [id])).some(
        ({ clientId }) => clientId !== null && clientId === subject.clientId,
      );
    const other = await store.findMemory(db, orgId, id, null);
    if (!other || other.clientId !== subject.clientId) return false;
    // Of one client it may be about another of their threads; personas have nothing in common.
    return subject.clientId !== null || other.subject.id === subject.id;
  };
  for (const [i, reference] of references.entries())
    if (!(await isThere(reference))) refuse(`/references/${i}`, 'There is nothing under this id.');
}
