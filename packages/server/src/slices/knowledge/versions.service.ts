import type { Page } from '@rapport/protocol/common';
import type { VersionEvaluation } from '@rapport/protocol/evaluations';
import type { EventActor } from '@rapport/protocol/events';
import type { Document, DocumentVersion } from '@rapport/protocol/knowledge';
import { asEventActor, requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import type { Blobs } from '../../platform/blobs/blobs.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database, Tx } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { draft } from '../../platform/events/store.ts';
import type { BaseService } from './bases.service.ts';
import * as store from './documents.store.ts';
import { compareVersions } from './evaluation.ts';
import type { BaseLog } from './log.ts';
import { listTrials } from './trials.store.ts';
import { discard, exchange } from './waiting.store.ts';

interface Parts {
  db: Database;
  audit: Audit;
  blobs: Blobs;
  bases: BaseService;
  log: BaseLog;
}

/** A version that waits, and who publishes it. */
interface Publication {
  roomId: string;
  documentId: string;
  title: string;
  version: number;
  by: EventActor;
}

/** Exchanges the version that is searched for the one that waits, in the transaction of who decided it. False: it does not wait. */
export async function publishIn(tx: Tx, orgId: string, log: BaseLog, of: Publication): Promise<boolean> {
  const { roomId, documentId, title, version, by } = of;
  const chunkCount = await exchange(tx, orgId, documentId, version);
  if (chunkCount === null) return false;
  await log.append(tx, orgId, roomId, [
    draft('document.ready', 'staff', by, { documentId, version, title, chunkCount }),
  ]);
  return true;
}

export type VersionService = ReturnType<typeof createVersionService>;

/** The versions of a document. A new one of a base that has evaluations waits until it is published or not kept. */
export function createVersionService({ db, audit, blobs, bases, log }: Parts) {
  const require = async (actor: Actor, baseId: string, id: string): Promise<Document> => {
    const document = await store.findDocument(db.in(actor.orgId), actor.orgId, baseId, id, bases.publishes(actor));
    if (!document) throw notFound();
    return document;
  };

  return {
    /** Newest first. Throws `not-found`. */
    async list(
      actor: Actor,
      baseId: string,
      id: string,
      page: Page,
    ): Promise<{ items: DocumentVersion[]; next: string | null }> {
      await bases.require(actor, baseId);
      await require(actor, baseId, id);
      const [before] = decodeCursor(page.cursor, 1) ?? [];
      const of = { before: before ? Number(before) : null, publisher: bases.publishes(actor) };
      const rows = await store.listVersions(db.in(actor.orgId), actor.orgId, id, of, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        (v) => v,
        (v) => encodeCursor(String(v.version)),
      );
    },

    /** What each evaluation found with it in the place of the published one, question by question. Throws `not-found`. */
    async evaluations(
      actor: Actor,
      baseId: string,
      { documentId, version }: { documentId: string; version: number },
      page: Page,
    ): Promise<{ items: VersionEvaluation[]; next: string | null }> {
      await bases.require(actor, baseId);
      const { orgId } = actor;
      await require(actor, baseId, documentId);
      if (!(await store.findFile(db.in(orgId), orgId, documentId, version))) throw notFound();
      const [before = null] = decodeCursor(page.cursor, 1) ?? [];
      const of = { baseId, documentId, version };
      const rows = await listTrials(db.in(orgId), orgId, of, before, page.limit + 1);
      return toPage(
        rows,
        page.limit,
        ({ evaluationId, name, found }) => ({
          evaluationId,
          name,
          run: found && { ...found.run, ...compareVersions(found.results) },
        }),
        ({ evaluationId }) => encodeCursor(evaluationId),
      );
    },

    /** It is searched from the commit on, and the one before is not. Throws `not-found`, `wrong-state` where it does not wait. */
    async publish(actor: Actor, baseId: string, id: string, version: number): Promise<Document> {
      const { roomId } = await bases.require(actor, baseId);
      requireStaff(actor);
      const { orgId } = actor;
      await audit.acting(actor, 'knowledge.changed', { 'knowledge-base': baseId, document: id }, async (tx) => {
        const known = await store.lockDocument(tx, orgId, baseId, id);
        if (!known) throw notFound();
        const of = { roomId, documentId: id, title: known.title, version, by: asEventActor(actor) };
        if (!(await publishIn(tx, orgId, log, of)))
          throw new AppError('wrong-state', { detail: 'This version does not wait to be published.' });
      });
      return require(actor, baseId, id);
    },

    /**
     * An older version with its file, or the one that waits: the published one is kept then. Throws `not-found`, and `wrong-state`
     * for another newest and the one that is read.
     */
    async remove(actor: Actor, baseId: string, id: string, version: number): Promise<void> {
      const { roomId } = await bases.require(actor, baseId);
      requireStaff(actor);
      const { orgId } = actor;
      await audit.acting(actor, 'knowledge.changed', { 'knowledge-base': baseId, document: id }, async (tx) => {
        const known = await store.lockDocument(tx, orgId, baseId, id);
        if (!known) throw notFound();
        if (await discard(tx, orgId, id, version)) {
          const data = { documentId: id, version };
          return log.append(tx, orgId, roomId, [draft('document.discarded', 'staff', asEventActor(actor), data)]);
        }
        if (version === known.version || version === known.ready_version) {
          throw new AppError('wrong-state', { detail: 'Only older versions can be deleted; or delete the document.' });
        }
        if ((await store.deleteVersion(tx, orgId, id, version)) === 0) throw notFound();
      });
      await blobs.collect(orgId);
    },
  };
}
