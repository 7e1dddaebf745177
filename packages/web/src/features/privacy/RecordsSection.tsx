import type { Client } from '@rapport/protocol/clients';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { List } from '../../lib/Page.tsx';
import { Field } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { EraseDialog, type Whom } from './EraseDialog.tsx';
import { ReasonDialog } from './ReasonDialog.tsx';

/** Clients, and what can be done with what is stored of each. */
export function RecordsSection() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [text, setText] = useState('');
  const q = useDeferredValue(text.trim());
  const list = usePages<Client>('/clients', { q: q || undefined });
  const [erasing, setErasing] = useState<Whom | null>(null);
  const [holding, setHolding] = useState<Client | null>(null);
  const hold = useMutation({
    mutationFn: (reason: string) =>
      api.post('/privacy/holds', { subject: { kind: 'client', id: holding?.id }, reason }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['/privacy/holds'] });
      setHolding(null);
    },
  });
  return (
    <section className="card stack" aria-labelledby="records">
      <h2 id="records">{t('privacy.records')}</h2>
      <p className="soft">{t('privacy.recordsHint')}</p>
      <Field label={t('common.search')}>
        {(ids) => <input {...ids} type="search" value={text} onChange={(e) => setText(e.target.value)} />}
      </Field>
      <List list={list} inSection empty={<p className="soft">{t('common.noMatch')}</p>}>
        {(client) => (
          <>
            <strong className="grow">
              <bdi>{client.name}</bdi>
            </strong>
            <a
              className="button"
              href={`/api/v1/privacy/records/client/${client.id}/export`}
              aria-label={`${t('privacy.export')}: ${client.name}`}
            >
              {t('privacy.export')}
            </a>
            <button
              type="button"
              aria-label={`${t('privacy.hold')}: ${client.name}`}
              onClick={() => setHolding(client)}
            >
              {t('privacy.hold')}
            </button>
            <button
              type="button"
              className="danger"
              aria-label={`${t('privacy.erase')}: ${client.name}`}
              onClick={() => setErasing({ kind: 'client', id: client.id, name: client.name })}
            >
              {t('privacy.erase')}
            </button>
          </>
        )}
      </List>
      <EraseDialog whom={erasing} onClose={() => setErasing(null)} />
      <ReasonDialog
        open={holding !== null}
        title={`${t('privacy.hold')}: ${holding?.name ?? ''}`}
        onClose={() => setHolding(null)}
        label={t('privacy.reason')}
        hint={t('privacy.holdHint')}
        action={t('privacy.placeHold')}
        busy={hold.isPending}
        error={hold.error}
        onSubmit={hold.mutate}
      />
    </section>
  );
}
