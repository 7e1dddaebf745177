import type { Escalation } from '@rapport/protocol/safety';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { restMs } from './useOpenReviews.ts';

/** On every page, for as long as somebody waits for a person. */
export function EscalationAlert() {
  const { t } = useTranslation();
  const open = useQuery({
    queryKey: ['/escalations', 'alert'],
    queryFn: () => api.get<{ items: Escalation[] }>('/escalations', { status: 'open', limit: 99 }),
    refetchInterval: (query) => (query.state.error ? false : restMs),
  });
  const count = open.data?.items.filter((one) => !one.rehearsal).length ?? 0;
  if (count === 0) return null;
  return (
    <aside className="alert" aria-label={t('escalations.title')}>
      <p role="status">
        {t('escalations.alert', { count })} <Link to="/escalations">{t('escalations.see')}</Link>
      </p>
    </aside>
  );
}
