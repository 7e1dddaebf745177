import type { InvitationAccepted, InvitationView } from '@rapport/protocol/sessions';
import { ApiError, createApi } from '@rapport/sdk/api';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Field, isolated, Loading, useTitle } from '../../lib/ui.tsx';
import { keepToken } from './access.ts';

const api = createApi();
const isGone = (error: unknown): boolean => error instanceof ApiError && error.status === 410;

export function JoinPage({ token }: { token: string }) {
  const { t } = useTranslation();
  useTitle(t('join.title'));
  const path = `/invitations/${encodeURIComponent(token)}`;
  const [view, setView] = useState<InvitationView | null>(null);
  const [alias, setAlias] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => void api.get<InvitationView>(path).then(setView, setError), [path]);
  const join = async () => {
    setBusy(true);
    try {
      const body = alias.trim() ? { alias: alias.trim() } : {};
      const accepted = await api.post<InvitationAccepted>(`${path}/accept`, body);
      keepToken(accepted.sessionId, accepted.accessToken);
      // The invitation must not stay in the history of a shared device.
      location.replace(`/chat/${accepted.sessionId}`);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void join();
  };
  const names = view && {
    organisation: isolated(view.organisation.name),
    persona: isolated(view.persona.name),
    role: isolated(view.persona.role),
  };
  return (
    <main className="page narrow" id="content">
      <h1>{t('join.title')}</h1>
      {!names && !error && <Loading />}
      {names && (
        <>
          <p>{t('join.by', names)}</p>
          <p>{t('join.text')}</p>
        </>
      )}
      <Failure error={isGone(error) ? t('join.gone') : error} />
      {names && !isGone(error) && (
        <form className="stack" onSubmit={submit}>
          <Field label={`${t('join.alias')} (${t('common.optional')})`}>
            {(ids) => (
              <input
                {...ids}
                maxLength={120}
                autoComplete="nickname"
                value={alias}
                onChange={(e) => setAlias(e.target.value)}
              />
            )}
          </Field>
          <button className="primary" disabled={busy}>
            {t('join.go')}
          </button>
        </form>
      )}
    </main>
  );
}
