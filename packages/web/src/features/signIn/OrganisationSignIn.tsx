import type { IdentityProvider, SignInPolicy } from '@rapport/protocol/signIn';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { CopyButton, Failure, Field, fieldError } from '../../lib/ui.tsx';

/** What the organisation asks of everybody who signs in. */
export function OrganisationSignIn() {
  return (
    <>
      <Policy />
      <Providers />
    </>
  );
}

function Policy() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const policy = useQuery({
    queryKey: ['sign-in-policy'],
    queryFn: () => api.get<SignInPolicy>('/organisation/sign-in'),
  });
  const save = useMutation({
    mutationFn: (secondFactorRequired: boolean) =>
      api.put<SignInPolicy>('/organisation/sign-in', { secondFactorRequired }),
    onSuccess: () => void queries.invalidateQueries(),
  });
  return (
    <fieldset className="stack">
      <legend>{t('security.policy')}</legend>
      <label className="check">
        <input
          type="checkbox"
          disabled={!policy.data || save.isPending}
          checked={policy.data?.secondFactorRequired ?? false}
          onChange={(e) => save.mutate(e.target.checked)}
        />
        <span>
          {t('security.require')}
          <br />
          <span className="soft small">{t('security.requireHint')}</span>
        </span>
      </label>
      <Failure error={policy.error ?? save.error} />
    </fieldset>
  );
}

const empty = { label: '', issuer: '', clientId: '', clientSecret: '', checksSecondFactor: false };

function Providers() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const reload = () => void queries.invalidateQueries({ queryKey: ['identity-providers'] });
  const list = useQuery({
    queryKey: ['identity-providers'],
    queryFn: () => api.get<{ items: IdentityProvider[] }>('/identity-providers'),
  });
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(`/identity-providers/${id}`),
    onSuccess: reload,
  });
  return (
    <fieldset className="stack">
      <legend>{t('security.providers')}</legend>
      <p className="soft small">{t('security.providersHint')}</p>
      {(list.data?.items ?? []).map((provider) => (
        <div key={provider.id} className="stack">
          <div className="row">
            <strong className="grow">{provider.label}</strong>
            <button
              type="button"
              className="quiet"
              aria-label={t('security.removeProvider', { label: provider.label })}
              onClick={() => remove.mutate(provider.id)}
            >
              {t('common.remove')}
            </button>
          </div>
          <p className="small">
            {t('security.redirect')} <code className="wrap">{provider.redirectUrl}</code>{' '}
            <CopyButton text={provider.redirectUrl} />
          </p>
        </div>
      ))}
      <Failure error={list.error ?? remove.error} />
      <NewProvider onAdded={reload} />
    </fieldset>
  );
}

function NewProvider({ onAdded }: { onAdded(): void }) {
  const { t } = useTranslation();
  const [draft, setDraft] = useState(empty);
  const add = useMutation({
    mutationFn: () => {
      const { clientSecret, ...rest } = draft;
      return api.post('/identity-providers', { ...rest, ...(clientSecret ? { clientSecret } : {}) });
    },
    onSuccess: () => {
      setDraft(empty);
      onAdded();
    },
  });
  const text = (key: 'label' | 'issuer' | 'clientId' | 'clientSecret', required: boolean) => (
    <Field label={t(`security.provider.${key}`)} error={fieldError(add.error, `/${key}`)}>
      {(ids) => (
        <input
          {...ids}
          required={required}
          autoComplete="off"
          type={key === 'clientSecret' ? 'password' : 'text'}
          value={draft[key]}
          onChange={(e) => setDraft({ ...draft, [key]: e.target.value })}
        />
      )}
    </Field>
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      {text('label', true)}
      {text('issuer', true)}
      {text('clientId', true)}
      {text('clientSecret', false)}
      <label className="check">
        <input
          type="checkbox"
          checked={draft.checksSecondFactor}
          onChange={(e) => setDraft({ ...draft, checksSecondFactor: e.target.checked })}
        />
        <span>{t('security.provider.checksSecondFactor')}</span>
      </label>
      <Failure error={add.error} marked />
      <div className="row">
        <button disabled={add.isPending}>{t('security.addProvider')}</button>
      </div>
    </form>
  );
}
