import type { NamedPage } from '@rapport/protocol/common';
import type { KnowledgeBase, KnowledgeBaseCreate, KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Blobs } from '../../platform/blobs/blobs.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { createRoom } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import * as store from './bases.store.ts';

/** A persona that was given a knowledge base, in its draft or in its published version. */
export interface KnowledgeUser {
  id: string;
  name: string;
  published: boolean;
}

export type UsersOf = (orgId: string, baseId: string) => Promise<KnowledgeUser[]>;

/**
 * For whom a look-up or a search is narrowed to what they may read: the member without the permission to read all of it,
 * else null. Stores ask `knowledge_of` of the database with it.
 */
export const readerOf = (actor: Actor): string | null => {
  requireStaff(actor);
  return actor.permissions.has('knowledge.read-all') ? null : actor.userId;
};

/** Who sees a version that waits: those who may publish it. */
const publishes = (actor: Actor): boolean => actor.kind === 'staff' && actor.permissions.has('knowledge.manage');

export type BaseService = ReturnType<typeof createBaseService>;

export interface BaseParts {
  db: Database;
  audit: Audit;
  blobs: Blobs;
  /** Connections look at once whether they may stay. */
  onReadersChanged(orgId: string): void;
  embeddingsOf(orgId: string, baseId: string): Promise<KnowledgeBaseDetail['embeddings']>;
}

export function createBaseService({ db, audit, blobs, onReadersChanged, embeddingsOf }: BaseParts) {
  let usersOf: UsersOf = async () => [];

  const require = async (actor: Actor, id: string): Promise<KnowledgeBase> => {
    requireStaff(actor);
    const base = await store.findBase(db.in(actor.orgId), actor.orgId, id, readerOf(actor));
    if (!base) throw notFound();
    return base;
  };

  /** Throws `invalid-body` where somebody named is nobody, or the actor would shut themselves out. */
  const putReaders = async (tx: Tx, actor: StaffActor, id: string, { audience }: KnowledgeBaseCreate) => {
    const wrong = (message: string) => new AppError('invalid-body', { errors: [{ pointer: '/audience', message }] });
    if (!(await store.putReaders(tx, actor.orgId, id, audience))) throw wrong('There is no such member or team.');
    const seen = await store.findBase(tx, actor.orgId, id, readerOf(actor));
    if (!seen) throw wrong('You would not see it yourself any more. Name yourself or one of your teams.');
    return seen;
  };

  return {
    /** Throws `not-found`. */
    require,

    readerOf,
    publishes,

    /** Who uses it, told by a later slice. */
    tellUsers(next: UsersOf) {
      usersOf = next;
    },

    /** Throws `invalid-body` for readers that there are not. */
    async create(actor: Actor, body: KnowledgeBaseCreate): Promise<KnowledgeBase> {
      requireStaff(actor);
      const [id, roomId] = [newId(), newId()];
      return audit.acting(actor, 'knowledge.changed', { 'knowledge-base': id }, async (tx) => {
        await createRoom(tx, actor.orgId, { id: roomId, kind: 'knowledge-base', subjectId: null });
        await store.insertBase(tx, actor.orgId, { id, roomId, ...body });
        return putReaders(tx, actor, id, body);
      });
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<KnowledgeBaseDetail> {
      const base = await require(actor, id);
      const mayKnow = actor.permissions.has('personas.read');
      const contents = await store.findContents(db.in(actor.orgId), actor.orgId, {
        id,
        roomId: base.roomId,
        publisher: publishes(actor),
      });
      const embeddings = await embeddingsOf(actor.orgId, id);
      return { ...base, ...contents, embeddings, personas: mayKnow ? await usersOf(actor.orgId, id) : [] };
    },

    /** Replaces its name, description, language and readers. Throws `not-found`, `invalid-body`. */
    async replace(actor: Actor, id: string, body: KnowledgeBaseCreate): Promise<KnowledgeBase> {
      await require(actor, id);
      requireStaff(actor);
      return audit.acting(actor, 'knowledge.changed', { 'knowledge-base': id }, async (tx) => {
        if ((await store.updateBase(tx, actor.orgId, id, body)) === 0) throw notFound();
        tx.afterCommit(() => onReadersChanged(actor.orgId));
        return putReaders(tx, actor, id, body);
      });
    },

    async list(actor: Actor, page: NamedPage): Promise<{ items: KnowledgeBase[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const filter = { q: page.q, viewer: readerOf(actor) };
      const rows = await store.listBases(db.in(actor.orgId), actor.orgId, filter, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (base) => base,
        (base) => encodeCursor(base.id),
      );
    },

    /**
     * With all its documents, files and events. Throws `not-found`, and `in-use` while a published persona uses it, unless
     * `force`: then that persona answers without it.
     */
    async remove(actor: Actor, id: string, force: boolean): Promise<void> {
      const { roomId } = await require(actor, id);
      const users = (await usersOf(actor.orgId, id)).filter((user) => user.published);
      if (users.length > 0 && !force) {
        const names = users.map(({ name }) => name).join(', ');
        throw new AppError('in-use', { detail: `Published personas answer from it: ${names}.` });
      }
      await audit.acting(actor, 'knowledge.changed', { 'knowledge-base': id }, async (tx) => {
        if ((await store.deleteBase(tx, actor.orgId, id, roomId)) === 0) throw notFound();
      });
      await blobs.collect(actor.orgId);
    },

    /** Whether the actor may follow this room, which is a knowledge base's. */
    async ownsRoom(actor: Actor, roomId: string): Promise<boolean> {
      if (actor.kind !== 'staff' || !actor.permissions.has('knowledge.read')) return false;
      return (await store.findBaseOfRoom(db.in(actor.orgId), actor.orgId, roomId, readerOf(actor))) !== undefined;
    },

    /** For later slices: whether this actor may give it to a persona. */
    async mayUse(actor: Actor, id: string): Promise<boolean> {
      if (actor.kind !== 'staff') return false;
      return (await store.findBase(db.in(actor.orgId), actor.orgId, id, readerOf(actor))) !== undefined;
    },
  };
}
