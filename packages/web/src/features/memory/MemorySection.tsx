import type { MemoryPolicy } from '@rapport/protocol/memory';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';

const path = '/memory-policy';

/** What an organisation lets personas remember. */
export function MemorySection() {
  const { t } = useTranslation();
  const policy = useQuery({ queryKey: [path], queryFn: () => api.get<MemoryPolicy>(path) });
  return (
    <section className="stack" aria-labelledby="memory-title">
      <h2 id="memory-title">{t('memory.title')}</h2>
      <p className="soft">{t('memory.policyHint')}</p>
      {policy.isPending && <Loading />}
      <Failure error={policy.error} />
      {policy.data && <PolicyForm initial={policy.data} />}
    </section>
  );
}

function PolicyForm({ initial }: { initial: MemoryPolicy }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const mayChange = useMay()('organisation.manage');
  const [policy, setPolicy] = useState(initial);
  const save = useMutation({
    mutationFn: () => api.put<MemoryPolicy>(path, policy),
    onSuccess: (next) => queries.setQueryData([path], next),
  });
  const change = (more: Partial<MemoryPolicy>) => {
    save.reset();
    setPolicy({ ...policy, ...more });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <fieldset className="stack" disabled={!mayChange}>
        <legend className="visually-hidden">{t('memory.title')}</legend>
        <Field label={t('memory.propose')}>
          {(ids) => (
            <select
              {...ids}
              value={policy.propose}
              onChange={(e) => change({ propose: e.target.value as MemoryPolicy['propose'] })}
            >
              {(['never', 'rules', 'model'] as const).map((one) => (
                <option key={one} value={one}>
                  {t(`memory.proposes.${one}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <label className="check">
          <input
            type="checkbox"
            checked={policy.autoApprove}
            onChange={(e) => change({ autoApprove: e.target.checked })}
          />
          {t('memory.autoApprove')}
        </label>
        <label className="check">
          <input
            type="checkbox"
            checked={policy.recallSensitive}
            onChange={(e) => change({ recallSensitive: e.target.checked })}
          />
          {t('memory.recallSensitive')}
        </label>
        <Field label={t('memory.budget')} hint={t('memory.budgetHint')} error={fieldError(save.error, '/budgetTokens')}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              required
              min={0}
              max={8000}
              value={policy.budgetTokens}
              onChange={(e) => change({ budgetTokens: Number(e.target.value) })}
            />
          )}
        </Field>
        <Failure error={save.error} marked />
        {mayChange && (
          <div className="row">
            <button disabled={save.isPending}>{t('common.save')}</button>
            <span role="status">{save.isSuccess && t('common.saved')}</span>
          </div>
        )}
      </fieldset>
    </form>
  );
}
