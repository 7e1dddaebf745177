import type { NamedPage, Page } from '@rapport/protocol/common';
import type {
  Document,
  DocumentCreate,
  DocumentText,
  KnowledgeBase,
  KnowledgeSearch,
  Passage,
} from '@rapport/protocol/knowledge';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { indexDocument } from './indexing.ts';
import { createRetrieval } from './retrieval.ts';
import * as store from './store.ts';

export type KnowledgeService = ReturnType<typeof createKnowledgeService>;

/** Reference material: text documents, cut into passages, searched by words. */
export function createKnowledgeService({ db, audit }: { db: Database; audit: Audit }) {
  const retrieval = createRetrieval({ db });
  const requireBase = async (actor: Actor, id: string): Promise<KnowledgeBase> => {
    requireStaff(actor);
    const base = await store.findBase(db.in(actor.orgId), actor.orgId, id);
    if (!base) throw notFound();
    return base;
  };

  return {
    async createBase(actor: Actor, name: string): Promise<KnowledgeBase> {
      requireStaff(actor);
      const id = newId();
      return audit.acting(actor, 'knowledge.changed', { 'knowledge-base': id }, (tx) =>
        store.insertBase(tx, actor.orgId, id, name),
      );
    },

    /** Throws `not-found`. */
    getBase: requireBase,

    /** For later slices that were given an id by an actor they have checked. */
    exists: async (orgId: string, id: string): Promise<boolean> =>
      (await store.findBase(db.in(orgId), orgId, id)) !== undefined,

    async listBases(actor: Actor, page: NamedPage): Promise<{ items: KnowledgeBase[]; next: string | null }> {
      requireStaff(actor);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listBases(db.in(actor.orgId), actor.orgId, page.q, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (base) => base,
        (base) => encodeCursor(base.id),
      );
    },

    /** The document can be searched when this returns. Throws `not-found`. */
    async addDocument(actor: Actor, baseId: string, body: z.output<typeof DocumentCreate>): Promise<Document> {
      await requireBase(actor, baseId);
      const id = newId();
      return audit.acting(actor, 'knowledge.changed', { 'knowledge-base': baseId, document: id }, async (tx) => {
        await store.insertDocument(tx, actor.orgId, baseId, { id, ...body });
        await indexDocument(tx, actor.orgId, baseId, id, { ...body, pages: null, language: null });
        const document = await store.findDocument(tx, actor.orgId, baseId, id);
        if (!document) throw notFound();
        return document;
      });
    },

    /** Throws `not-found`. */
    async getDocument(actor: Actor, baseId: string, id: string): Promise<z.infer<typeof DocumentText>> {
      await requireBase(actor, baseId);
      const document = await store.findDocument(db.in(actor.orgId), actor.orgId, baseId, id);
      if (!document) throw notFound();
      return document;
    },

    /** Throws `not-found`. */
    async listDocuments(actor: Actor, baseId: string, page: Page): Promise<{ items: Document[]; next: string | null }> {
      await requireBase(actor, baseId);
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const rows = await store.listDocuments(db.in(actor.orgId), actor.orgId, baseId, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (d) => d,
        (d) => encodeCursor(d.id),
      );
    },

    /** It is gone from the next answer. Throws `not-found`. */
    async deleteDocument(actor: Actor, baseId: string, id: string): Promise<void> {
      await requireBase(actor, baseId);
      await audit.acting(actor, 'knowledge.changed', { 'knowledge-base': baseId, document: id }, async (tx) => {
        if ((await store.deleteDocument(tx, actor.orgId, baseId, id)) === 0) throw notFound();
      });
    },

    /** Best first. Throws `not-found`. */
    async search(
      actor: Actor,
      baseId: string,
      query: z.output<typeof KnowledgeSearch>,
    ): Promise<{ results: Passage[] }> {
      await requireBase(actor, baseId);
      return { results: await retrieval.search(actor.orgId, baseId, query.query, query.limit) };
    },

    /** What a reply is given; the session was checked already. */
    searchForPrompt: (orgId: string, baseId: string, query: string, limit: number): Promise<Passage[]> =>
      retrieval.search(orgId, baseId, query, limit),
  };
}
