import type { CuratedAnswer, CuratedCreate, CuratedQuery } from '@rapport/protocol/curated';
import type { Passage } from '@rapport/protocol/knowledge';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Audit } from '../../platform/audit/audit.ts';
import { decodeCursor, encodeCursor, toPage } from '../../platform/cursor.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { newId } from '../../platform/ids.ts';
import type { BaseService } from './bases.service.ts';
import { floor, keyOf, likeness } from './curated.ts';
import * as store from './curated.store.ts';
import { termHasher } from './indexing.ts';
import { languageOf } from './terms.ts';
import { languages } from './languages.ts';
import type { Bases } from './readers.ts';

/** Opened and compared word by word; more that share a word with the question are too many to be like it. */
const mostCompared = 50;

export type CuratedService = ReturnType<typeof createCuratedService>;

/** Questions with the answer that people approved. */
export function createCuratedService({ db, audit, bases }: { db: Database; audit: Audit; bases: BaseService }) {
  return {
    /** Newest first. Throws `not-found`. */
    async list(actor: Actor, baseId: string, query: CuratedQuery) {
      await bases.require(actor, baseId);
      const [before = null] = decodeCursor(query.cursor, 1) ?? [];
      const filter = { revoked: query.revoked, before, limit: query.limit + 1 };
      const rows = await store.listCurated(db.in(actor.orgId), actor.orgId, baseId, filter);
      return toPage(
        rows,
        query.limit,
        (answer) => answer,
        (answer) => encodeCursor(answer.id),
      );
    },

    /** Throws `not-found`, `invalid-body` for a question without a word that says what it is about. */
    async approve(
      actor: Actor,
      baseId: string,
      { question, answer }: CuratedCreate,
      reply?: { id: string },
    ): Promise<CuratedAnswer> {
      requireStaff(actor);
      const base = await bases.require(actor, baseId);
      const { orgId, userId: by } = actor;
      const language = languageOf(question, base.language);
      const key = keyOf(question, language);
      if (key.size === 0)
        throw new AppError('invalid-body', {
          errors: [{ pointer: '/question', message: 'Say with at least one word what it is about.' }],
        });
      const id = newId();
      const subjects = { 'knowledge-base': baseId, ...(reply ? { reply: reply.id } : {}) };
      return audit.acting(actor, 'knowledge.answer-approved', subjects, async (tx) => {
        const hash = await termHasher(tx.codec, orgId);
        const origin = reply ? 'reply' : 'hand';
        const made = { id, baseId, question, answer, terms: [...key].map(hash), language, origin, by } as const;
        await store.insertCurated(tx, orgId, made);
        return (await store.findCurated(tx, orgId, id)) as CuratedAnswer;
      });
    },

    /** It is gone from the next answer, and stays as a record. Throws `not-found`. */
    async revoke(actor: Actor, baseId: string, id: string): Promise<void> {
      requireStaff(actor);
      await bases.require(actor, baseId);
      await audit.acting(actor, 'knowledge.answer-revoked', { 'knowledge-base': baseId }, async (tx) => {
        if ((await store.revokeCurated(tx, actor.orgId, baseId, id, actor.userId)) === 0) throw notFound();
      });
    },

    /** What was approved for a question like this one, as a passage, where the reader of the bases may read it. */
    async answerTo(orgId: string, readable: Bases, question: string): Promise<Passage | null> {
      const scope = db.in(orgId);
      const hash = await termHasher(scope.codec, orgId);
      const keys = new Set(languages.flatMap((language) => [...keyOf(question, language)]));
      if (keys.size === 0) return null;
      const candidates = await store.curatedWith(scope, orgId, readable, [...keys].map(hash), mostCompared);
      const [best] = candidates
        .map((one) => ({ ...one, score: likeness(question, one.question, one.language) }))
        .filter(({ score }) => score >= floor)
        .sort((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1));
      if (!best) return null;
      const { id, question: title, answer: text, score } = best;
      return {
        documentId: id,
        chunkId: id,
        title,
        text,
        score,
        page: null,
        start: 0,
        end: text.length,
        headingPath: [],
        curated: true,
      };
    },
  };
}
