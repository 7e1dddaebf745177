import type { Thread, ThreadCreate, ThreadPatch, ThreadQuery } from '@rapport/protocol/threads';
import type { z } from 'zod';
import { requireStaff, type Actor, type StaffActor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { siftPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { viewerOf } from './caseload.ts';
import type { GoalService } from './goals.service.ts';
import { uniqueTags } from './schema.ts';
import type { ClientService } from './service.ts';
import { keepFolder } from './threadFolders.store.ts';
import * as store from './threads.store.ts';

export type ThreadService = ReturnType<typeof createThreadService>;

const invalid = (pointer: string, message: string) => new AppError('invalid-body', { errors: [{ pointer, message }] });

/** Lines of work with clients over several sessions. */
export function createThreadService(parts: {
  db: Database;
  audit: Audit;
  clients: ClientService;
  goals: Pick<GoalService, 'chosen'>;
}) {
  const { db, audit, clients, goals } = parts;

  const find = async (actor: StaffActor, id: string): Promise<Thread> => {
    const thread = await store.findThread(db.in(actor.orgId), actor.orgId, id, viewerOf(actor));
    if (!thread) throw notFound();
    return thread;
  };

  /** It stays until the commit. Throws `invalid-body` for a folder that there is not. */
  const requireFolder = async (tx: Tx, orgId: string, folderId: string | null | undefined): Promise<void> => {
    if (folderId && !(await keepFolder(tx, orgId, folderId))) throw invalid('/folderId', 'There is no such folder.');
  };

  /** Each once. Throws `invalid-body` for a goal that the client has not. */
  const requireGoals = async (tx: Tx, orgId: string, clientId: string, ids: string[]): Promise<string[]> => {
    const goalIds = [...new Set(ids)];
    if ((await goals.chosen(tx, orgId, clientId, goalIds)).length < goalIds.length)
      throw invalid('/goalIds', 'There is no such goal of this client.');
    return goalIds;
  };

  const changing = async <T>(
    actor: Actor,
    id: string,
    act: 'thread.changed' | 'thread.deleted',
    work: (tx: Tx, thread: Thread, staff: StaffActor) => Promise<T>,
    folderId?: string | null,
  ): Promise<T> => {
    requireStaff(actor);
    return db.in(actor.orgId).tx(async (tx) => {
      // Before the thread, as whoever deletes a folder does: the two cannot wait for each other.
      await requireFolder(tx, actor.orgId, folderId);
      const thread = await store.lockThread(tx, actor.orgId, id, viewerOf(actor));
      if (!thread) throw notFound();
      audit.record(tx, actor, act, { thread: id, client: thread.client.id });
      return work(tx, thread, actor);
    });
  };

  return {
    /** For the services of sessions: it stays until the commit. Throws `invalid-body` where the client has no such thread. */
    async keep(tx: Tx, orgId: string, clientId: string | null, id: string): Promise<void> {
      if (clientId === null || !(await store.keepThread(tx, orgId, clientId, id)))
        throw invalid('/threadId', 'There is no such thread of this client.');
    },

    /** For what a model is told of it. */
    async named(tx: Tx, orgId: string, id: string): Promise<{ id: string; name: string } | null> {
      const thread = await store.findThread(tx, orgId, id, null);
      return thread ? { id, name: thread.name } : null;
    },

    /** Newest first. A page may hold fewer than asked for where `q` finds few. */
    async list(actor: Actor, query: ThreadQuery): Promise<{ items: Thread[]; next: string | null }> {
      requireStaff(actor);
      const named = query.q?.toLowerCase();
      const wanted = named ? ({ name }: Thread) => name.toLowerCase().includes(named) : null;
      const page = await siftPage(query, wanted, (before, most) =>
        store.listThreads(db.in(actor.orgId), actor.orgId, viewerOf(actor), query, before, most),
      );
      await audit.read(actor, 'thread.listed', { thread: page.items.map(({ id }) => id) });
      return page;
    },

    /** Newest first. Throws `not-found`. */
    async ofClient(actor: Actor, clientId: string, query: Omit<ThreadQuery, 'clientId'>) {
      await clients.get(actor, clientId);
      return this.list(actor, { ...query, clientId });
    },

    /** Throws `not-found`, `invalid-body`. */
    async create(actor: Actor, clientId: string, body: z.output<typeof ThreadCreate>): Promise<Thread> {
      requireStaff(actor);
      await clients.get(actor, clientId);
      const { orgId, userId } = actor;
      const id = newId();
      await audit.acting(actor, 'thread.created', { thread: id, client: clientId }, async (tx) => {
        await requireFolder(tx, orgId, body.folderId);
        const goalIds = await requireGoals(tx, orgId, clientId, body.goalIds);
        await store.insertThread(tx, orgId, { ...body, id, clientId, goalIds, tags: uniqueTags(body.tags) }, userId);
      });
      return find(actor, id);
    },

    /** Throws `not-found`. */
    async get(actor: Actor, id: string): Promise<Thread> {
      requireStaff(actor);
      const thread = await find(actor, id);
      await audit.read(actor, 'thread.read', { thread: id, client: thread.client.id });
      return thread;
    },

    /** Throws `not-found`, `invalid-body`, `conflict` where somebody changed it since `revision`. */
    async update(actor: Actor, id: string, { revision, ...patch }: ThreadPatch): Promise<Thread> {
      const work = async (tx: Tx, thread: Thread, { orgId, userId }: StaffActor) => {
        if (thread.revision !== revision) throw new AppError('conflict');
        const { goalIds } = patch;
        const next = {
          ...thread,
          ...(Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined)) as Partial<Thread>),
          clientId: thread.client.id,
          goalIds: goalIds ? await requireGoals(tx, orgId, thread.client.id, goalIds) : thread.goalIds,
          tags: uniqueTags(patch.tags ?? thread.tags),
        };
        await store.updateThread(tx, orgId, next, userId);
      };
      await changing(actor, id, 'thread.changed', work, patch.folderId);
      return this.get(actor, id);
    },

    /** Throws `not-found`, and `in-use` while a session continues it, something is remembered of it or somebody reported on it. */
    remove: (actor: Actor, id: string): Promise<void> =>
      changing(actor, id, 'thread.deleted', async (tx, _thread, { orgId }) => {
        if (await store.threadIsUsed(tx, orgId, id))
          throw new AppError('in-use', {
            detail:
              'Sessions continue this thread, something is remembered of it, or there is a report on it. Set it to done instead.',
          });
        await store.deleteThread(tx, orgId, id);
      }),

    /** Refers to a memory of the client; twice is once. Throws `not-found`, also for another client’s memory. */
    refer: (actor: Actor, id: string, memoryId: string): Promise<void> =>
      changing(actor, id, 'thread.changed', async (tx, { client }, { orgId, userId }) => {
        const of = { threadId: id, clientId: client.id, memoryId };
        if ((await store.addMemory(tx, orgId, of, userId)) === 0 && !(await store.hasMemory(tx, orgId, id, memoryId)))
          throw notFound();
      }),

    /** Twice is once, too. Throws `not-found` for the thread. */
    unrefer: (actor: Actor, id: string, memoryId: string): Promise<void> =>
      changing(actor, id, 'thread.changed', async (tx, _thread, { orgId }) => {
        await store.removeMemory(tx, orgId, id, memoryId);
      }),
  };
}
