import type { SetupState } from '@rapport/protocol/setup';
import type { SignInStep } from '@rapport/protocol/signIn';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { CodeStep } from './CodeStep.tsx';
import { arrives, useSignInOptions } from './letters.ts';
import { LetterStep, readLetter } from './LetterStep.tsx';
import { signInWithPasskey } from './passkeys.ts';
import { PasswordField } from './PasswordField.tsx';

// The whole page anew: what the last one saw must not stay in memory.
const enter = () => location.assign('/');

/** The token of a letter stands behind the #, which no server and no log ever sees; it is taken out of the address at once. */
export function SignInPage() {
  const { t } = useTranslation();
  const [letter, setLetter] = useState(readLetter);
  const [code, setCode] = useState(false);
  const [failed] = useState(() => new URLSearchParams(location.search).get('error'));
  useEffect(() => {
    if (location.hash || location.search) history.replaceState(null, '', '/sign-in');
  }, []);
  const go = ({ secondFactor }: SignInStep) => {
    setLetter(null);
    if (secondFactor) setCode(true);
    else enter();
  };
  return (
    <Page title={t('signIn.title')} narrow>
      {failed && (
        <p className="note bad" role="alert">
          {t('signIn.providerFailed')}
        </p>
      )}
      {code ? (
        <CodeStep onDone={enter} />
      ) : letter ? (
        <LetterStep letter={letter} onSignedIn={go} onLeave={() => setLetter(null)} />
      ) : (
        <Ways onStep={go} />
      )}
    </Page>
  );
}

function Ways({ onStep }: { onStep(step: SignInStep): void }) {
  const { t } = useTranslation();
  const options = useSignInOptions();
  const letters = options.data?.letters;
  const passkey = useMutation({ mutationFn: signInWithPasskey, onSuccess: () => onStep({ secondFactor: false }) });
  const provider = useMutation({
    mutationFn: (id: string) => api.post<{ url: string }>('/auth/sign-in/social', { provider: id }),
    onSuccess: ({ url }) => location.assign(url),
  });
  return (
    <div className="stack">
      <Password onStep={onStep} />
      <fieldset className="stack">
        <legend>{t('signIn.otherWays')}</legend>
        <div className="row">
          <button type="button" disabled={passkey.isPending} onClick={() => passkey.mutate()}>
            {t('signIn.passkey')}
          </button>
          {options.data?.providers.map(({ id, label }) => (
            <button key={id} type="button" disabled={provider.isPending} onClick={() => provider.mutate(id)}>
              {t('signIn.with', { label })}
            </button>
          ))}
        </div>
        <Failure error={passkey.error ?? provider.error} />
      </fieldset>
      {letters &&
        (arrives(letters) ? <Letter kept={letters === 'kept'} /> : <p className="soft">{t('signIn.noLetters')}</p>)}
    </div>
  );
}

const askedOrganisation = () => new URLSearchParams(location.search).get('organisation') ?? '';

function Password({ onStep }: { onStep(step: SignInStep): void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [organisation, setOrganisation] = useState(askedOrganisation);
  const setup = useQuery({ queryKey: ['setup'], queryFn: () => api.get<SetupState>('/setup') });
  const signIn = useMutation({
    mutationFn: () => api.post<SignInStep>('/sign-in', { name, password, ...(organisation ? { organisation } : {}) }),
    onSuccess: onStep,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <form onSubmit={submit}>
      <fieldset className="stack">
        <legend>{t('signIn.password')}</legend>
        <Field label={t('signIn.nameOrEmail')}>
          {(ids) => (
            <input
              {...ids}
              required
              autoComplete="username webauthn"
              value={name}
              onChange={(e) => setName(e.target.value)}
            />
          )}
        </Field>
        {setup.data?.severalOrganisations && (
          <Field
            label={t('settings.organisation')}
            hint={t('signIn.organisationHint')}
            error={fieldError(signIn.error, '/organisation')}
          >
            {(ids) => (
              <input
                {...ids}
                autoComplete="organization"
                value={organisation}
                onChange={(e) => setOrganisation(e.target.value)}
              />
            )}
          </Field>
        )}
        <PasswordField label={t('signIn.password')} value={password} onChange={setPassword} />
        <Failure error={signIn.error} />
        <button className="primary" disabled={signIn.isPending}>
          {t('signIn.go')}
        </button>
      </fieldset>
    </form>
  );
}

function Letter({ kept }: { kept: boolean }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const ask = useMutation({
    mutationFn: (path: string) => api.post(`/auth/${path}`, { email }),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        ask.mutate('sign-in/magic-link');
      }}
    >
      <fieldset className="stack">
        <legend>{t('signIn.byLetter')}</legend>
        <Field label={t('signIn.email')} hint={kept ? t('signIn.noMail') : undefined}>
          {(ids) => (
            <input
              {...ids}
              type="email"
              required
              autoComplete="email"
              value={email}
              onChange={(e) => setEmail(e.target.value)}
            />
          )}
        </Field>
        <Failure error={ask.error} />
        <div className="row">
          <button disabled={ask.isPending}>{t('signIn.sendLink')}</button>
          <button
            type="button"
            className="quiet"
            disabled={ask.isPending || !email}
            onClick={() => ask.mutate('request-password-reset')}
          >
            {t('signIn.forgot')}
          </button>
        </div>
        {ask.isSuccess && <p role="status">{t('signIn.sent')}</p>}
        {kept && (
          <p>
            <a href="/mailbox">{t('signIn.mailbox')}</a>
          </p>
        )}
      </fieldset>
    </form>
  );
}
