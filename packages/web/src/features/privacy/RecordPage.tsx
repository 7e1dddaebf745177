import type { OwnRecord } from '@rapport/protocol/privacy';
import { createApi } from '@rapport/sdk/api';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Failure, formatDate, Loading, useTitle } from '../../lib/ui.tsx';
import { OwnMemories } from '../memory/OwnMemories.tsx';
import { tokenOf } from '../rooms/access.ts';

/** The way of a file that needs the token: a plain link would come without it. */
async function download(token: string | null): Promise<void> {
  const response = await fetch('/api/v1/me/record/export', { headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(((await response.json()) as { title?: string }).title ?? String(response.status));
  const name = /filename="([\w.-]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'record.zip';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function RecordPage({ sessionId }: { sessionId: string }) {
  const { t } = useTranslation();
  useTitle(t('record.title'));
  const token = tokenOf(sessionId);
  const api = useMemo(() => createApi({ token: () => token }), [token]);
  const [record, setRecord] = useState<OwnRecord | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const act = (work: () => Promise<OwnRecord | void>) => {
    setError(null);
    setBusy(true);
    work()
      .then((next) => next && setRecord(next))
      .catch(setError)
      .finally(() => setBusy(false));
  };
  useEffect(() => {
    if (token !== null) api.get<OwnRecord>('/me/record').then(setRecord, setError);
  }, [api, token]);
  return (
    <main className="page narrow" id="content">
      <h1>{t('record.title')}</h1>
      {record ? (
        <>
          <Stored record={record} />
          <OwnMemories api={api} />
          <section className="card stack" aria-labelledby="download">
            <h2 id="download">{t('record.download')}</h2>
            <p>{t('record.downloadHint')}</p>
            <button type="button" className="primary" disabled={busy} onClick={() => act(() => download(token))}>
              {t('record.download')}
            </button>
            <span role="status">{busy && t('record.downloading')}</span>
          </section>
          <Erasure
            request={record.request}
            busy={busy}
            onAsk={() => act(() => api.post<OwnRecord>('/me/record/erasure-request'))}
            onWithdraw={() => act(() => api.delete<OwnRecord>('/me/record/erasure-request'))}
          />
        </>
      ) : token === null || error ? (
        <p>{t('record.gone')}</p>
      ) : (
        <Loading />
      )}
      <Failure error={error} />
      <p>
        <a href={`/chat/${sessionId}`}>{t('record.back')}</a>
      </p>
    </main>
  );
}

function Stored({ record }: { record: OwnRecord }) {
  const { t } = useTranslation();
  return (
    <section className="card" aria-labelledby="stored">
      <h2 id="stored">{t('record.what')}</h2>
      <p>
        {t('record.name')}: <strong>{record.name || '–'}</strong>
        <br />
        {t('record.sessions')}: {record.sessions}
      </p>
      <ul>
        {record.categories.map(({ category, rows }) => (
          <li key={category}>
            {t(`record.category.${category}`)}: {t('record.entries', { count: rows })}
          </li>
        ))}
      </ul>
    </section>
  );
}

interface ErasureProps {
  request: OwnRecord['request'];
  busy: boolean;
  onAsk(): void;
  onWithdraw(): void;
}

function Erasure({ request, busy, onAsk, onWithdraw }: ErasureProps) {
  const { t } = useTranslation();
  const [sure, setSure] = useState(false);
  if (request?.status === 'open') {
    return (
      <section className="card stack" aria-labelledby="erase">
        <h2 id="erase">{t('record.erase')}</h2>
        <p role="status">{t('record.asked', { date: formatDate(request.createdAt) })}</p>
        <button type="button" disabled={busy} onClick={onWithdraw}>
          {t('record.withdraw')}
        </button>
      </section>
    );
  }
  const ask = () => {
    setSure(false);
    onAsk();
  };
  return (
    <section className="card stack" aria-labelledby="erase">
      <h2 id="erase">{t('record.erase')}</h2>
      {request?.status === 'declined' && (
        <p className="note">
          {t('record.declined', { date: formatDate(request.decidedAt ?? request.createdAt) })} {request.answer}
        </p>
      )}
      <p>{t('record.eraseHint')}</p>
      {sure ? (
        <div className="row">
          <button type="button" className="danger" disabled={busy} onClick={ask}>
            {t('record.confirm')}
          </button>
          <button type="button" onClick={() => setSure(false)}>
            {t('common.cancel')}
          </button>
        </div>
      ) : (
        <button type="button" onClick={() => setSure(true)}>
          {t('record.ask')}
        </button>
      )}
    </section>
  );
}
