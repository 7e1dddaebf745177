import type { OwnOrganisation } from '@rapport/protocol/signIn';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Dialog, Failure, isolated } from '../../lib/ui.tsx';

/** Where one is, and for whoever belongs to several organisations the way into another. */
export function Organisations({ here, signedIn }: { here: string; signedIn: boolean }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const own = useQuery({
    queryKey: ['own-organisations'],
    queryFn: () => api.get<{ items: OwnOrganisation[] }>('/me/organisations'),
    enabled: signedIn,
    staleTime: 60_000,
  });
  const go = useMutation({
    mutationFn: (organisationId: string) => api.put('/me/organisation', { organisationId }),
    // The whole page anew: nothing of the one organisation may stay in memory in the other.
    onSuccess: () => location.assign('/'),
  });
  const others = own.data?.items.filter((one) => !one.here) ?? [];
  if (others.length === 0) return <span className="here soft small">{here}</span>;
  return (
    <>
      <button
        type="button"
        className="quiet"
        aria-label={t('organisations.change', { name: here })}
        onClick={() => setOpen(true)}
      >
        <bdi className="here">{here}</bdi> <span aria-hidden="true">▾</span>
      </button>
      <Dialog open={open} title={t('organisations.title')} onClose={() => setOpen(false)}>
        <p>{t('organisations.here', { name: here })}</p>
        <ul className="list">
          {others.map((one) => (
            <li key={one.id}>
              <button type="button" disabled={go.isPending} onClick={() => go.mutate(one.id)}>
                {t('organisations.goTo', { name: isolated(one.name) })}
              </button>
            </li>
          ))}
        </ul>
        <Failure error={go.error} />
      </Dialog>
    </>
  );
}
