import type { ErasureRequest, ErasureRequestQuery, OwnRecord } from '@rapport/protocol/privacy';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import { catalogue, type CataloguedTable } from './catalogue.ts';
import * as store from './requests.store.ts';
import { countRows, findAnchors, findSubject, subjectOfSession } from './rows.store.ts';
import { viewerOf, type Subject } from './schema.ts';

export type RequestService = ReturnType<typeof createRequestService>;

const isStaffOnly = (table: string): boolean => 'staffOnly' in catalogue[table as CataloguedTable];

/** What clients see of what is stored about them, and their wishes to be erased. */
export function createRequestService({ db }: { db: Database }) {
  /** Whom a client's token is about. Throws `not-found` for staff: they have records of their own kind. */
  const ownSubject = async (actor: Actor): Promise<Subject> => {
    if (actor.kind !== 'client') throw notFound();
    const subject = await subjectOfSession(db.in(actor.orgId), actor.orgId, actor.sessionId);
    if (!subject) throw notFound();
    return subject;
  };

  const own = async (actor: Actor): Promise<OwnRecord> => {
    const subject = await ownSubject(actor);
    const { orgId } = actor;
    const anchors = await findAnchors(db.in(orgId), orgId, subject);
    const counts = await countRows(db.in(orgId), orgId, anchors);
    const request = await store.newestRequest(db.in(orgId), orgId, subject);
    const found = await findSubject(db.in(orgId), orgId, subject, null);
    return {
      // A session's title is the team's; a client's name is the client's.
      name: subject.kind === 'client' ? (found?.name ?? '') : (actor.name ?? ''),
      categories: Object.entries(counts)
        .map(([category, tables]) => ({
          category,
          rows: Object.entries(tables).reduce((sum, [table, n]) => sum + (isStaffOnly(table) ? 0 : n), 0),
        }))
        .filter(({ rows }) => rows > 0),
      sessions: anchors.session.length,
      request: request
        ? {
            status: request.status,
            answer: request.answer,
            createdAt: request.createdAt,
            decidedAt: request.decidedAt,
          }
        : null,
    };
  };

  return {
    ownSubject,
    own,

    /** A second wish while one is open changes nothing. */
    async ask(actor: Actor): Promise<OwnRecord> {
      const subject = await ownSubject(actor);
      await store.insertRequest(db.in(actor.orgId), actor.orgId, newId(), subject);
      return own(actor);
    },

    async withdraw(actor: Actor): Promise<OwnRecord> {
      const subject = await ownSubject(actor);
      await store.withdrawRequest(db.in(actor.orgId), actor.orgId, subject);
      return own(actor);
    },

    /** Newest first. */
    async list(
      actor: Actor,
      query: z.output<typeof ErasureRequestQuery>,
    ): Promise<{ items: ErasureRequest[]; next: string | null }> {
      requireStaff(actor);
      const { orgId } = actor;
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const found = await store.listRequests(
        db.in(orgId),
        orgId,
        { all: query.status === 'all', viewer: viewerOf(actor) },
        before,
        query.limit + 1,
      );
      return toPage(
        found,
        query.limit,
        (request) => request,
        (request) => encodeCursor(request.id),
      );
    },

    /** Tells the client why not. Throws `not-found`, `wrong-state` when it is decided already. */
    async decline(actor: Actor, id: string, answer: string): Promise<ErasureRequest> {
      requireStaff(actor);
      const { orgId, userId } = actor;
      return db.in(orgId).tx(async (tx) => {
        const request = await store.findRequest(tx, orgId, id);
        if (!request || !(await findSubject(tx, orgId, request.subject, viewerOf(actor)))) throw notFound();
        if (!(await store.declineRequest(tx, orgId, request, answer, userId))) {
          throw new AppError('wrong-state', { detail: 'This request is decided already.' });
        }
        return (await store.findRequest(tx, orgId, id)) ?? request;
      });
    },
  };
}
