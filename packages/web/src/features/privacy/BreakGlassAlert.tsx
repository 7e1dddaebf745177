import type { BreakGlassGrant } from '@rapport/protocol/breakGlass';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { formatTime } from '../../lib/ui.tsx';

const everyMs = 15_000;

/** On every page, for as long as an access is open: who has it, and to those who review, everybody's. */
export function BreakGlassAlert() {
  const { t } = useTranslation();
  const open = useQuery({
    queryKey: ['/break-glass', 'alert'],
    queryFn: () => api.get<{ items: BreakGlassGrant[] }>('/break-glass', { active: 'true', limit: 5 }),
    refetchInterval: (query) => (query.state.error ? false : everyMs),
  });
  const grants = open.data?.items ?? [];
  if (grants.length === 0) return null;
  return (
    <aside className="alert" aria-label={t('breakGlass.title')}>
      {grants.map((grant) => (
        <p key={grant.id} role="status">
          {t('breakGlass.alert', {
            user: grant.userName,
            client: grant.clientName,
            until: formatTime(grant.expiresAt),
          })}{' '}
          <Link to="/break-glass">{t('breakGlass.see')}</Link>
        </p>
      ))}
    </aside>
  );
}
