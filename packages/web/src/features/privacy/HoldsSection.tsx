import type { LegalHold } from '@rapport/protocol/privacy';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { List } from '../../lib/Page.tsx';
import { formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { ReasonDialog } from './ReasonDialog.tsx';

export function HoldsSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [all, setAll] = useState(false);
  const list = usePages<LegalHold>('/privacy/holds', { state: all ? 'all' : 'active' });
  const [lifting, setLifting] = useState<LegalHold | null>(null);
  const lift = useMutation({
    mutationFn: (reason: string) => api.post(`/privacy/holds/${lifting?.id}/lift`, { reason }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['/privacy/holds'] });
      setLifting(null);
    },
  });
  return (
    <section className="card stack" aria-labelledby="holds">
      <h2 id="holds">{t('privacy.holds')}</h2>
      <label className="check">
        <input type="checkbox" checked={all} onChange={(e) => setAll(e.target.checked)} /> {t('privacy.lifted')}
      </label>
      <List list={list} inSection empty={<p className="soft">{t('privacy.noHolds')}</p>}>
        {(hold) => (
          <>
            <span className="grow">
              <strong>
                <bdi>{hold.name}</bdi>
              </strong>{' '}
              <span className="soft small">{formatDate(hold.placedAt)}</span>
              <br />
              {hold.reason}
              {hold.liftedAt && (
                <>
                  <br />
                  {t('privacy.liftedOn', { date: formatDate(hold.liftedAt), reason: hold.liftReason ?? '' })}
                </>
              )}
            </span>
            {!hold.liftedAt && (
              <button type="button" aria-label={`${t('privacy.lift')}: ${hold.name}`} onClick={() => setLifting(hold)}>
                {t('privacy.lift')}
              </button>
            )}
          </>
        )}
      </List>
      <ReasonDialog
        open={lifting !== null}
        title={`${t('privacy.lift')}: ${lifting?.name ?? ''}`}
        onClose={() => setLifting(null)}
        label={t('privacy.reason')}
        action={t('privacy.lift')}
        busy={lift.isPending}
        error={lift.error}
        onSubmit={lift.mutate}
      />
    </section>
  );
}
