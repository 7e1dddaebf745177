import { useTranslation } from 'react-i18next';
import { useOpenReviews } from './useOpenReviews.ts';

/** How many replies wait, in the menu. */
export function Waiting() {
  const { t } = useTranslation();
  const { data } = useOpenReviews();
  const count = data?.items.length ?? 0;
  if (count === 0) return null;
  const shown = `${count}${data?.next ? '+' : ''}`;
  return (
    <>
      <span className="count" aria-hidden="true">
        {shown}
      </span>
      <span className="visually-hidden"> ({t('review.number', { count })})</span>
    </>
  );
}
