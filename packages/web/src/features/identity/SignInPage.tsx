import type { Me, SetupState } from '@rapport/protocol/setup';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError, useTitle } from '../../lib/ui.tsx';

export function SignInPage() {
  const { t } = useTranslation();
  useTitle(t('signIn.title'));
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [organisation, setOrganisation] = useState(new URLSearchParams(location.search).get('organisation') ?? '');
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => api.get<SetupState>('/setup') });
  const signIn = useMutation({
    mutationFn: () => api.post<Me>('/sign-in', { name, password, ...(organisation ? { organisation } : {}) }),
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
        {setup.data?.severalOrganisations && (
          <Field
            label={t('settings.organisation')}
            hint={t('signIn.organisationHint')}
            error={fieldError(signIn.error, '/organisation')}
          >
            {(ids) => (
              <input
                {...ids}
                required
                autoComplete="organization"
                value={organisation}
                onChange={(e) => setOrganisation(e.target.value)}
              />
            )}
          </Field>
        )}
        <Field label={t('signIn.nameOrEmail')}>
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
