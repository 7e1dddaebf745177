import type { InvitationAccepted } from '@rapport/protocol/sessions';
import { ApiError, createApi } from '@rapport/sdk/api';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, Field, useTitle } from '../../lib/ui.tsx';
import { keepToken } from './access.ts';

const api = createApi();

export function JoinPage({ token }: { token: string }) {
  const { t } = useTranslation();
  useTitle(t('join.title'));
  const [alias, setAlias] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const join = async () => {
    setBusy(true);
    try {
      const body = alias.trim() ? { alias: alias.trim() } : {};
      const accepted = await api.post<InvitationAccepted>(`/invitations/${encodeURIComponent(token)}/accept`, body);
      keepToken(accepted.sessionId, accepted.accessToken);
      // The invitation must not stay in the history of a shared device.
      location.replace(`/chat/${accepted.sessionId}`);
    } catch (failure) {
      setError(failure instanceof ApiError && failure.status === 410 ? t('join.gone') : failure);
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void join();
  };
  return (
    <main className="page narrow" id="content">
      <h1>{t('join.title')}</h1>
      <p>{t('join.text')}</p>
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
        <Failure error={error} />
        <button className="primary" disabled={busy}>
          {t('join.go')}
        </button>
      </form>
    </main>
  );
}
