import type { Review, ReviewDraft } from '@rapport/protocol/supervision';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useRoom } from '../sessions/useRoom.ts';
import { DraftCard } from './DraftCard.tsx';
import { useParties } from './ReviewItem.tsx';
import { useReviewNews } from './useReviewNews.ts';

interface Props {
  review: Review;
  onBack(): void;
  /** Null where nothing else waits. */
  onNext: (() => void) | null;
}

const noToken = () => null;
const nothing = () => {};

/** A draft of the queue, with the question it answers, live. */
export function OpenReview({ review, onBack, onNext }: Props) {
  const { t } = useTranslation();
  const parties = useParties();
  const onEvent = useReviewNews();
  const { id, sessionId, roomId } = review;
  const room = useRoom({ api, sessionId, roomId, token: noToken, me: 'staff', onSession: nothing, onEvent });
  const draft = useQuery({ queryKey: ['review', id], queryFn: () => api.get<ReviewDraft>(`/reviews/${id}`) });
  const { running } = room.state;
  const question = draft.data?.question;
  return (
    <div className="stack opened-review">
      <div className="row">
        <h2 className="grow" dir="auto">
          {review.title}
        </h2>
        <button type="button" className="quiet" onClick={onBack}>
          {t('review.toQueue')}
        </button>
        <Link to="/sessions/$id" params={{ id: sessionId }}>
          {t('review.open')}
        </Link>
      </div>
      <p className="small soft">{parties(review)}</p>
      {question && (
        <blockquote className="answered">
          <p className="small soft">{t('review.question')}</p>
          <p dir="auto">{question}</p>
        </blockquote>
      )}
      <DraftCard
        id={id}
        live={running?.replyId === id ? running.text : ''}
        focused
        after={
          onNext && (
            <button type="button" className="primary" onClick={onNext}>
              {t('review.next')}
            </button>
          )
        }
      />
    </div>
  );
}
