import { useTranslation } from 'react-i18next';
import { useOpenReviews } from './useOpenReviews.ts';

/** Beside the list itself a look now and then will do. */
const everyMs = 15_000;

/** How many replies wait, in the menu. */
export function Waiting() {
  const { t } = useTranslation();
  const { data } = useOpenReviews(everyMs);
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
