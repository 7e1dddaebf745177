import type { ErasureRequest } from '@rapport/protocol/privacy';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { List } from '../../lib/Page.tsx';
import { formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { EraseDialog, type Whom } from './EraseDialog.tsx';
import { ReasonDialog } from './ReasonDialog.tsx';

/** What clients wish for on their own page. */
export function RequestsSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const list = usePages<ErasureRequest>('/privacy/requests');
  const [erasing, setErasing] = useState<Whom | null>(null);
  const [declining, setDeclining] = useState<ErasureRequest | null>(null);
  const decline = useMutation({
    mutationFn: (answer: string) => api.post(`/privacy/requests/${declining?.id}/decline`, { answer }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['/privacy/requests'] });
      setDeclining(null);
    },
  });
  return (
    <section className="card stack" aria-labelledby="requests">
      <h2 id="requests">{t('privacy.requests')}</h2>
      <List list={list} inSection empty={<p className="soft">{t('privacy.noRequests')}</p>}>
        {(request) => (
          <>
            <span className="grow">
              <strong>
                <bdi>{request.name}</bdi>
              </strong>{' '}
              <span className="soft small">{formatDate(request.createdAt)}</span>
            </span>
            <button
              type="button"
              aria-label={`${t('privacy.erase')}: ${request.name}`}
              onClick={() => setErasing({ ...request.subject, name: request.name })}
            >
              {t('privacy.erase')}
            </button>
            <button
              type="button"
              className="quiet"
              aria-label={`${t('privacy.decline')}: ${request.name}`}
              onClick={() => setDeclining(request)}
            >
              {t('privacy.decline')}
            </button>
          </>
        )}
      </List>
      <EraseDialog whom={erasing} onClose={() => setErasing(null)} />
      <ReasonDialog
        open={declining !== null}
        title={`${t('privacy.decline')}: ${declining?.name ?? ''}`}
        onClose={() => setDeclining(null)}
        label={t('privacy.answer')}
        hint={t('privacy.answerHint')}
        action={t('privacy.decline')}
        busy={decline.isPending}
        error={decline.error}
        onSubmit={decline.mutate}
      />
    </section>
  );
}
