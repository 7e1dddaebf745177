import type { SupervisionPolicy } from '@rapport/protocol/supervision';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';
import { RungField } from './RungField.tsx';

const path = '/organisation/supervision';

/** How the organisation supervises: the least that holds everywhere, and how long things may wait. */
export function OrganisationPolicy() {
  const { t } = useTranslation();
  const policy = useQuery({ queryKey: [path], queryFn: () => api.get<SupervisionPolicy>(path) });
  return (
    <fieldset className="stack">
      <legend>{t('policy.organisation')}</legend>
      <Failure error={policy.error} />
      {policy.isPending && <Loading />}
      {policy.data && <Form key={policy.data.policy} initial={policy.data} />}
    </fieldset>
  );
}

const numbers = [
  ['delaySeconds', 1, 600],
  ['reviewSeconds', 10, 86_400],
  ['pages', 0, 20],
] as const;

function Form({ initial }: { initial: SupervisionPolicy }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(initial);
  const save = useMutation({
    mutationFn: () => api.put<SupervisionPolicy>(path, draft),
    onSuccess: (next) => queries.setQueryData([path], next),
  });
  const change = (more: Partial<SupervisionPolicy>) => {
    save.reset();
    setDraft({ ...draft, ...more });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const hints = { reviewSeconds: t('policy.reviewSecondsHint'), pages: t('policy.pagesHint'), delaySeconds: undefined };
  return (
    <form className="stack" onSubmit={submit}>
      <RungField
        label={t('policy.least')}
        hint={t('policy.organisationHint')}
        value={draft.policy}
        onChange={(policy) => change({ policy })}
      />
      {numbers.map(([name, min, max]) => (
        <Field key={name} label={t(`policy.${name}`)} hint={hints[name]} error={fieldError(save.error, `/${name}`)}>
          {(ids) => (
            <input
              {...ids}
              type="number"
              required
              min={min}
              max={max}
              value={Number.isNaN(draft[name]) ? '' : draft[name]}
              onChange={(e) => change({ [name]: e.target.valueAsNumber })}
            />
          )}
        </Field>
      ))}
      <Field
        label={`${t('policy.fallbackEmail')} (${t('common.optional')})`}
        error={fieldError(save.error, '/fallbackEmail')}
      >
        {(ids) => (
          <input
            {...ids}
            type="email"
            maxLength={200}
            value={draft.fallbackEmail ?? ''}
            onChange={(e) => change({ fallbackEmail: e.target.value || null })}
          />
        )}
      </Field>
      <Failure error={save.error} marked />
      <div className="row">
        <button disabled={save.isPending}>{t('common.save')}</button>
        {save.isSuccess && <span role="status">{t('common.saved')}</span>}
      </div>
    </form>
  );
}
