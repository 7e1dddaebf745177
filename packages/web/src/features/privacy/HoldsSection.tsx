import type { LegalHold } from '@rapport/protocol/privacy';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Dialog, Failure, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { More } from './More.tsx';
import { ReasonForm } from './ReasonForm.tsx';

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
      <Failure error={list.error} />
      {list.isSuccess && list.items.length === 0 && <p className="soft">{t('privacy.noHolds')}</p>}
      <ul className="list">
        {list.items.map((hold) => (
          <li key={hold.id} className="row">
            <span className="grow">
              <strong>{hold.name}</strong> <span className="soft small">{formatDate(hold.placedAt)}</span>
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
          </li>
        ))}
      </ul>
      <More list={list} />
      <Dialog
        open={lifting !== null}
        title={`${t('privacy.lift')}: ${lifting?.name ?? ''}`}
        onClose={() => setLifting(null)}
      >
        <ReasonForm
          label={t('privacy.reason')}
          action={t('privacy.lift')}
          busy={lift.isPending}
          error={lift.error}
          onSubmit={lift.mutate}
        />
      </Dialog>
    </section>
  );
}
