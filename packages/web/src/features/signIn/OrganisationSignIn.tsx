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
    mutationFn: (next: SignInPolicy) => api.put<SignInPolicy>('/organisation/sign-in', next),
    onSuccess: () => void queries.invalidateQueries(),
  });
  const { data: now } = policy;
  return (
    <fieldset className="stack">
      <legend>{t('security.policy')}</legend>
      <label className="check">
        <input
          type="checkbox"
          disabled={!now || save.isPending}
          checked={now?.secondFactorRequired ?? false}
          onChange={(e) => save.mutate({ secondFactorRequired: e.target.checked })}
        />
        <span>
          {t('security.require')}
          <br />
          <span className="soft small">{t('security.requireHint')}</span>
        </span>
      </label>
      {now && <IdleTime key={now.idleMinutes ?? 0} now={now} save={save.mutate} busy={save.isPending} />}
      <Failure error={policy.error ?? save.error} />
    </fieldset>
  );
}

interface IdleProps {
  now: SignInPolicy;
  save(next: SignInPolicy): void;
  busy: boolean;
}

/** After how long without use a login of the organisation ends. */
function IdleTime({ now, save, busy }: IdleProps) {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState(now.idleMinutes?.toString() ?? '');
  const idleMinutes = minutes === '' ? null : Number(minutes);
  return (
    <form
      className="row end"
      onSubmit={(event) => {
        event.preventDefault();
        save({ secondFactorRequired: now.secondFactorRequired, idleMinutes });
      }}
    >
      <Field label={t('security.idle')} hint={t('security.idleHint')}>
        {(ids) => (
          <input
            {...ids}
            type="number"
            min={5}
            max={43_200}
            value={minutes}
            onChange={(e) => setMinutes(e.target.value)}
          />
        )}
      </Field>
      <button disabled={busy || idleMinutes === (now.idleMinutes ?? null)}>{t('common.save')}</button>
    </form>
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
