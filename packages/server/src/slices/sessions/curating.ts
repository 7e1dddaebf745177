import type { CuratedAnswer, CuratedFromReview } from '@rapport/protocol/curated';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Database } from '../../platform/db/db.ts';
import { AppError } from '../../platform/errors.ts';
import type { KnowledgeService } from '../knowledge/service.ts';
import type { PersonaService } from '../personas/service.ts';
import type { ReviewService } from '../supervision/reviews.service.ts';
import * as store from './store.ts';

export type Curating = ReturnType<typeof createCurating>;

/** Makes an approved answer of what a person made of a draft. */
export function createCurating(parts: {
  db: Database;
  knowledge: Pick<KnowledgeService, 'curated'>;
  personas: PersonaService;
  reviews: ReviewService;
}) {
  const { db, knowledge, personas, reviews } = parts;
  return {
    /** Throws `forbidden`, `not-found`, `wrong-state` unless it was changed and released, and where its persona has no knowledge base. */
    async approve(actor: Actor, reviewId: string, given: CuratedFromReview): Promise<CuratedAnswer> {
      requireStaff(actor);
      if (!actor.permissions.has('sessions.review')) throw new AppError('forbidden');
      const review = await reviews.get(actor, reviewId);
      if (review.state !== 'released' || !review.decision?.editDistance)
        throw new AppError('wrong-state', {
          detail: 'Only a draft that somebody changed and released can be approved.',
        });
      const session = await store.findSession(db.in(actor.orgId), actor.orgId, review.sessionId, null);
      const persona =
        session && (await personas.publishedSpec(actor.orgId, session.persona_id, session.persona_version));
      const baseId = persona?.spec.knowledgeBaseId;
      if (!baseId) throw new AppError('wrong-state', { detail: 'The persona has no reference material to add it to.' });
      const question = (given.question ?? review.question ?? '').replace(/\s+/g, ' ').trim().slice(0, 500);
      if (question === '')
        throw new AppError('invalid-body', { errors: [{ pointer: '/question', message: 'Say what it answers.' }] });
      return knowledge.curated.approve(actor, baseId, { question, answer: review.text.trim() }, { id: reviewId });
    },
  };
}
