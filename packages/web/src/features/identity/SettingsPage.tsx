import type { Me } from '@rapport/protocol/setup';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError, useTitle } from '../../lib/ui.tsx';
import { Prices } from '../inference/Prices.tsx';
import { Providers } from '../inference/Providers.tsx';

export function SettingsPage() {
  const { t } = useTranslation();
  useTitle(t('settings.title'));
  const me = useQuery({ queryKey: ['me'], queryFn: () => api.get<Me>('/me') });
  return (
    <main className="page narrow" id="content">
      <div className="head">
        <h1>{t('settings.title')}</h1>
      </div>
      {me.data?.organisation && <Organisation me={me.data} />}
      <Providers />
      <Prices />
      <Password />
    </main>
  );
}

function Organisation({ me }: { me: Me }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState(me.organisation?.name ?? '');
  const [allowTitles, setAllowTitles] = useState(me.organisation?.allowTitles ?? false);
  const save = useMutation({
    mutationFn: () => api.patch<Me>('/organisation', { name, allowTitles }),
    onSuccess: (next) => queries.setQueryData(['me'], next),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <fieldset className="stack">
        <legend>{t('settings.organisation')}</legend>
        <Field label={t('common.name')} error={fieldError(save.error, '/name')}>
          {(ids) => <input {...ids} required maxLength={120} value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <label className="check">
          <input type="checkbox" checked={allowTitles} onChange={(e) => setAllowTitles(e.target.checked)} />
          <span>
            {t('settings.allowTitles')}
            <br />
            <span className="soft small">{t('settings.allowTitlesHint')}</span>
          </span>
        </label>
        <Failure error={save.error} />
        <div className="row">
          <button disabled={save.isPending}>{t('common.save')}</button>
          {save.isSuccess && <span role="status">{t('common.saved')}</span>}
        </div>
      </fieldset>
    </form>
  );
}

function Password() {
  const { t } = useTranslation();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const save = useMutation({
    mutationFn: () => api.put('/me/password', { password, ...(current ? { current } : {}) }),
    onSuccess: () => {
      setCurrent('');
      setPassword('');
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <fieldset className="stack">
        <legend>{t('settings.password')}</legend>
        <Field label={t('settings.current')}>
          {(ids) => (
            <input
              {...ids}
              type="password"
              autoComplete="current-password"
              value={current}
              onChange={(e) => setCurrent(e.target.value)}
            />
          )}
        </Field>
        <Field
          label={t('settings.newPassword')}
          hint={t('settings.passwordHint')}
          error={fieldError(save.error, '/password')}
        >
          {(ids) => (
            <input
              {...ids}
              type="password"
              required
              minLength={12}
              maxLength={200}
              autoComplete="new-password"
              value={password}
              onChange={(e) => setPassword(e.target.value)}
            />
          )}
        </Field>
        <Failure error={save.error} />
        <div className="row">
          <button disabled={save.isPending}>{t('common.save')}</button>
          {save.isSuccess && <span role="status">{t('common.saved')}</span>}
        </div>
      </fieldset>
    </form>
  );
}
