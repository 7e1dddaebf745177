import type { OwnSignIn } from '@rapport/protocol/signIn';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, Field, fieldError, formatDate, Loading } from '../../lib/ui.tsx';
import { OrganisationSignIn } from './OrganisationSignIn.tsx';
import { arrives, useLetters } from './letters.ts';
import { makePasskey } from './passkeys.ts';
import { Password } from './Password.tsx';
import { SecondFactor } from './SecondFactor.tsx';

const useReload = () => {
  const queries = useQueryClient();
  return () => void queries.invalidateQueries({ queryKey: ['own-sign-in'] });
};

/** How one signs in, and, for whoever may, what the organisation asks of everybody. */
export function SecurityPage() {
  const { t } = useTranslation();
  const may = useMay();
  const own = useQuery({ queryKey: ['own-sign-in'], queryFn: () => api.get<OwnSignIn>('/me/sign-in') });
  if (!own.data) {
    return (
      <Page title={t('security.title')} narrow>
        {own.error ? <Failure error={own.error} /> : <Loading />}
      </Page>
    );
  }
  const { signedIn, bound, secondFactorMissing, hasPassword } = own.data;
  return (
    <Page title={t('security.title')} narrow>
      {secondFactorMissing && (
        <p className="note bad" role="alert">
          {t('security.missing')}
        </p>
      )}
      {!signedIn && <p className="note">{t('security.notSignedIn')}</p>}
      {bound && <p className="note">{t('security.bound')}</p>}
      {!bound && <Password has={hasPassword} />}
      {signedIn && !bound && (
        <>
          <Address own={own.data} />
          <SecondFactor own={own.data} />
          <Passkeys own={own.data} />
        </>
      )}
      <Sessions own={own.data} />
      {signedIn && <OwnData />}
      {!secondFactorMissing && may('security.manage') && <OrganisationSignIn />}
    </Page>
  );
}

function Address({ own }: { own: OwnSignIn }) {
  const { t } = useTranslation();
  const letters = useLetters();
  return (
    <fieldset className="stack">
      <legend>{t('security.email')}</legend>
      <p>
        {own.email
          ? t(own.emailVerified ? 'security.emailIs' : 'security.emailUnproved', { email: own.email })
          : t('security.noEmail')}
      </p>
      {letters && (arrives(letters) ? <AddressForm /> : <p className="soft">{t('security.noLetters')}</p>)}
    </fieldset>
  );
}

function AddressForm() {
  const { t } = useTranslation();
  const [email, setEmail] = useState('');
  const change = useMutation({ mutationFn: () => api.post('/auth/change-email', { newEmail: email }) });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate();
      }}
    >
      <Field label={t('security.newEmail')} error={fieldError(change.error, '/newEmail')}>
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
      <Failure error={change.error} marked />
      <div className="row">
        <button disabled={change.isPending}>{t('security.sendConfirm')}</button>
        {change.isSuccess && <span role="status">{t('security.confirmSent')}</span>}
      </div>
    </form>
  );
}

/** What is stored about whoever is signed in, to take along. */
function OwnData() {
  const { t } = useTranslation();
  return (
    <fieldset className="stack">
      <legend>{t('security.ownData')}</legend>
      <p>{t('security.ownDataHint')}</p>
      <div className="row">
        <a className="button" download href="/api/v1/me/account/export">
          {t('security.ownDataTake')}
        </a>
      </div>
    </fieldset>
  );
}

function Passkeys({ own }: { own: OwnSignIn }) {
  const { t } = useTranslation();
  const reload = useReload();
  const [name, setName] = useState('');
  const add = useMutation({
    mutationFn: () => makePasskey(name),
    onSuccess: () => {
      setName('');
      reload();
    },
  });
  const remove = useMutation({
    mutationFn: (id: string) => api.post('/auth/passkey/delete-passkey', { id }),
    onSuccess: reload,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate();
      }}
    >
      <fieldset className="stack">
        <legend>{t('security.passkeys')}</legend>
        <p className="soft small">{t('security.passkeysHint')}</p>
        {own.passkeys.length > 0 && (
          <ul className="plain stack">
            {own.passkeys.map((key) => (
              <li key={key.id} className="row">
                <span className="grow">
                  {key.name ?? t('security.passkey')} · {formatDate(key.createdAt)}
                </span>
                <button
                  type="button"
                  className="quiet"
                  aria-label={t('security.removePasskey', { name: key.name ?? t('security.passkey') })}
                  onClick={() => remove.mutate(key.id)}
                >
                  {t('common.remove')}
                </button>
              </li>
            ))}
          </ul>
        )}
        <Field label={t('security.passkeyName')}>
          {(ids) => <input {...ids} maxLength={80} value={name} onChange={(e) => setName(e.target.value)} />}
        </Field>
        <Failure error={add.error ?? remove.error} />
        <div className="row">
          <button disabled={add.isPending}>{t('security.addPasskey')}</button>
        </div>
      </fieldset>
    </form>
  );
}

function Sessions({ own }: { own: OwnSignIn }) {
  const { t } = useTranslation();
  const reload = useReload();
  const end = useMutation({ mutationFn: (path: string) => api.delete(path), onSuccess: reload });
  return (
    <fieldset className="stack">
      <legend>{t('security.sessions')}</legend>
      {own.sessions.length === 0 && <p>{t('security.noSessions')}</p>}
      <ul className="plain stack">
        {own.sessions.map((session) => (
          <li key={session.id} className="row">
            <span className="grow">
              {t(`security.method.${session.method}`, { defaultValue: session.method })} ·{' '}
              {formatDate(session.createdAt)}
              {session.here && <strong> · {t('security.here')}</strong>}
              <br />
              <span className="soft small">
                {session.address} {session.device}
              </span>
            </span>
            {!session.here && (
              <button
                type="button"
                className="quiet"
                aria-label={t('security.endOne', { date: formatDate(session.createdAt) })}
                onClick={() => end.mutate(`/me/logins/${session.id}`)}
              >
                {t('security.end')}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Failure error={end.error} />
      {own.sessions.some(({ here }) => !here) && (
        <div className="row">
          <button type="button" onClick={() => end.mutate('/me/logins')}>
            {t('security.endOthers')}
          </button>
        </div>
      )}
    </fieldset>
  );
}
