import type { Price } from '@rapport/protocol/inference';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure, Field } from '../../lib/ui.tsx';

const micro = 1_000_000;
const empty = { model: '', input: '', output: '', cached: '' };

export function Prices() {
  const { t } = useTranslation();
  const may = useMay();
  const list = useQuery({ queryKey: ['prices'], queryFn: () => api.get<{ items: Price[] }>('/prices') });
  return (
    <fieldset className="stack">
      <legend>{t('settings.prices')}</legend>
      <p className="soft small">{t('settings.pricesHint')}</p>
      <div className="scroll" tabIndex={0} role="region" aria-label={t('settings.prices')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('settings.model')}</th>
              <th scope="col">{t('settings.input')}</th>
              <th scope="col">{t('settings.output')}</th>
              <th scope="col">{t('settings.cached')}</th>
            </tr>
          </thead>
          <tbody>
            {list.data?.items.map((p) => (
              <tr key={p.model}>
                <td>{p.model}</td>
                <td>{p.input / micro}</td>
                <td>{p.output / micro}</td>
                <td>{p.cached / micro}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Failure error={list.error} />
      {may('providers.manage') && <PriceForm />}
    </fieldset>
  );
}

function PriceForm() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(empty);
  const put = useMutation({
    mutationFn: () => {
      const amount = (text: string) => Math.round(Number(text) * micro);
      return api.put('/prices', {
        model: draft.model,
        input: amount(draft.input),
        output: amount(draft.output),
        cached: amount(draft.cached),
      });
    },
    onSuccess: () => {
      setDraft(empty);
      return queries.invalidateQueries({ queryKey: ['prices'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('settings.model')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={300}
            value={draft.model}
            onChange={(e) => setDraft({ ...draft, model: e.target.value })}
          />
        )}
      </Field>
      <div className="grid">
        {(['input', 'output', 'cached'] as const).map((key) => (
          <Field key={key} label={t(`settings.${key}`)}>
            {(ids) => (
              <input
                {...ids}
                required
                type="number"
                min={0}
                step="any"
                value={draft[key]}
                onChange={(e) => setDraft({ ...draft, [key]: e.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
      <Failure error={put.error} />
      <div>
        <button disabled={put.isPending}>{t('settings.setPrice')}</button>
      </div>
    </form>
  );
}
