import type { Review } from '@rapport/protocol/supervision';
import { useTranslation } from 'react-i18next';
import { isolated } from '../../lib/ui.tsx';
import { Due, RiskBadge } from './Facts.tsx';

interface Props {
  review: Review;
  current: boolean;
  onOpen(): void;
}

export function useParties(): (review: Review) => string {
  const { t } = useTranslation();
  return ({ persona, client, alias }) =>
    t('review.in', {
      persona: isolated(persona.name),
      client: isolated(client?.name ?? alias ?? t('room.clientName')),
    });
}

export function ReviewItem({ review, current, onOpen }: Props) {
  const { t } = useTranslation();
  const parties = useParties();
  return (
    <button type="button" className="item" aria-current={current ? 'true' : undefined} onClick={onOpen}>
      <strong dir="auto">{review.title}</strong>
      <span className="small soft">{parties(review)}</span>
      <span className="row">
        <RiskBadge risk={review.risk} />
        <span className="badge">{t(`rung.${review.rung}`)}</span>
        {review.state === 'drafting' && <span className="small soft">{t('review.writing')}</span>}
        <Due review={review} />
        {review.claim && <span className="badge on">{isolated(review.claim.name)}</span>}
      </span>
    </button>
  );
}
