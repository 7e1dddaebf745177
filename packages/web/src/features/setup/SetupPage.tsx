import type { Me, SetupState } from '@rapport/protocol/setup';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { emptyProvider, ProviderForm, toProvider } from '../inference/ProviderForm.tsx';

export function SetupPage() {
  const { t } = useTranslation();
  const [ownerName, setOwnerName] = useState('');
  const [organisation, setOrganisation] = useState('');
  const [provider, setProvider] = useState(emptyProvider);
  const state = useQuery({ queryKey: ['setup'], queryFn: () => api.get<SetupState>('/setup') });
  const setup = useMutation({
    mutationFn: () => api.post<Me>('/setup', { ownerName, organisation, provider: toProvider(provider) }),
    // The whole page anew: everything known so far was known before there was an organisation.
    onSuccess: () => location.assign('/'),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setup.mutate();
  };
  if (state.data && !state.data.needed) {
    return (
      <Page title={t('setup.title')} narrow>
        <p>{t('setup.done')}</p>
        <a className="button primary" href="/">
          {t('common.home')}
        </a>
      </Page>
    );
  }
  return (
    <Page title={t('setup.title')} hint={t('setup.intro')} narrow>
      <form className="stack" onSubmit={submit}>
        <Field label={t('setup.owner')} error={fieldError(setup.error, '/ownerName')}>
          {(ids) => (
            <input
              {...ids}
              required
              maxLength={120}
              autoComplete="name"
              value={ownerName}
              onChange={(e) => setOwnerName(e.target.value)}
            />
          )}
        </Field>
        <Field label={t('setup.organisation')} error={fieldError(setup.error, '/organisation')}>
          {(ids) => (
            <input
              {...ids}
              required
              maxLength={120}
              autoComplete="organization"
              value={organisation}
              onChange={(e) => setOrganisation(e.target.value)}
            />
          )}
        </Field>
        <fieldset>
          <legend>{t('setup.model')}</legend>
          <ProviderForm draft={provider} onChange={setProvider} error={setup.error} inSetup working={setup.isPending} />
        </fieldset>
        <Failure error={setup.error} marked />
        <button className="primary" disabled={setup.isPending}>
          {setup.isPending ? t('provider.testing') : t('setup.start')}
        </button>
      </form>
    </Page>
  );
}
