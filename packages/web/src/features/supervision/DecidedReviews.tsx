import type { Review } from '@rapport/protocol/supervision';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty, List } from '../../lib/Page.tsx';
import { usePages } from '../../lib/usePages.ts';
import { Decided, RiskBadge } from './Facts.tsx';
import { useParties } from './ReviewItem.tsx';

const decided = { state: 'decided' };

/** What was decided, newest first. */
export function DecidedReviews() {
  const { t } = useTranslation();
  const parties = useParties();
  const list = usePages<Review>('/reviews', decided);
  return (
    <List list={list} empty={<Empty title={t('review.emptyPast')} />}>
      {(review) => (
        <>
          <div className="grow">
            <Link to="/sessions/$id" params={{ id: review.sessionId }}>
              <strong dir="auto">{review.title}</strong>
            </Link>
            <div className="small soft">{parties(review)}</div>
            <Decided review={review} />
          </div>
          <RiskBadge risk={review.risk} />
        </>
      )}
    </List>
  );
}
