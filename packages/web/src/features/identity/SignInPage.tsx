import type { Me } from '@rapport/protocol/setup';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, useTitle } from '../../lib/ui.tsx';

export function SignInPage() {
  const { t } = useTranslation();
  useTitle(t('signIn.title'));
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () => api.post<Me>('/sign-in', { name, password }),
    onSuccess: () => location.assign('/'),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <main className="page narrow" id="content">
      <h1>{t('signIn.title')}</h1>
      <form className="stack" onSubmit={submit}>
        <Field label={t('signIn.name')}>
          {(ids) => (
            <input {...ids} required autoComplete="username" value={name} onChange={(e) => setName(e.target.value)} />
          )}
        </Field>
        <Field label={t('signIn.password')}>
          {(ids) => (
            <input
              {...ids}
              required
              type="password"
              autoComplete="current-password"
              value={password}
              onChange={(e) => setPassword(e.target.value)}
            />
          )}
        </Field>
        <Failure error={signIn.error} />
        <button className="primary" disabled={signIn.isPending}>
          {t('signIn.go')}
        </button>
      </form>
    </main>
  );
}
