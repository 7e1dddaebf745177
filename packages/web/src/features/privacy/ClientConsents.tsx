import type { ConsentRecord, ConsentState, Purpose } from '@rapport/protocol/consents';
import { purposes } from '@rapport/protocol/purposes';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

/** How a client stands, what they said before, and what the team writes down for them. */
export function ClientConsents({ clientId }: { clientId: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const path = `/clients/${clientId}/consents`;
  const states = useQuery({ queryKey: [path], queryFn: () => api.get<{ items: ConsentState[] }>(path) });
  const records = usePages<ConsentRecord>(`${path}/records`);
  const [purpose, setPurpose] = useState<Purpose>('ai-processing');
  const [note, setNote] = useState('');
  const write = useMutation({
    mutationFn: (given: boolean) => api.post<{ items: ConsentState[] }>(path, { purpose, given, note }),
    onSuccess: async (next) => {
      queries.setQueryData([path], next);
      setNote('');
      await queries.invalidateQueries({ queryKey: [`${path}/records`] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    write.mutate(true);
  };
  const said = (given: boolean | null) => t(given === null ? 'consents.open' : given ? 'consents.yes' : 'consents.no');
  return (
    <form className="stack" onSubmit={submit}>
      <h2>{t('consents.ofClient')}</h2>
      {states.data?.items.length === 0 && <p className="soft">{t('consents.nothing')}</p>}
      <ul className="list">
        {states.data?.items.map((state) => (
          <li key={state.purpose}>
            {t(`consents.purpose.${state.purpose}`)}: <strong>{said(state.given)}</strong>
            {state.at && <span className="soft small"> {formatDate(state.at)}</span>}
          </li>
        ))}
      </ul>
      <Field label={t('consents.write')}>
        {(ids) => (
          <select {...ids} value={purpose} onChange={(e) => setPurpose(e.target.value as Purpose)}>
            {purposes.map((one) => (
              <option key={one} value={one}>
                {t(`consents.purpose.${one}`)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`${t('consents.note')} (${t('common.optional')})`}>
        {(ids) => <input {...ids} maxLength={500} value={note} onChange={(e) => setNote(e.target.value)} />}
      </Field>
      <Failure error={states.error ?? records.error ?? write.error} />
      <div className="row">
        <button disabled={write.isPending}>{t('consents.agreed')}</button>
        <button type="button" disabled={write.isPending} onClick={() => write.mutate(false)}>
          {t('consents.withdrew')}
        </button>
      </div>
      {records.items.length > 0 && (
        <details>
          <summary>{t('consents.history')}</summary>
          <ul>
            {records.items.map((one) => (
              <li key={one.id} className="small">
                {formatDate(one.createdAt)} · {t(`consents.purpose.${one.purpose}`)} · {said(one.given)} ·{' '}
                {t(`consents.method.${one.method}`)} · {t('consents.version', { version: one.version })}
                {one.note && ` · ${one.note}`}
              </li>
            ))}
          </ul>
        </details>
      )}
    </form>
  );
}
