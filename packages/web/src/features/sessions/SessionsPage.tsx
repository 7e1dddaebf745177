import type { Client } from '@rapport/protocol/clients';
import type { Persona } from '@rapport/protocol/personas';
import type { Session } from '@rapport/protocol/sessions';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, formatDate, Loading, useTitle } from '../../lib/ui.tsx';
import { Picker } from '../../lib/Picker.tsx';
import { usePages } from '../../lib/usePages.ts';

// A session of an archived persona is found by it as before.
const archivedToo = { archived: 'true' };
const statuses = ['active', 'paused', 'ended'] as const;

export function SessionsPage() {
  const { t } = useTranslation();
  useTitle(t('sessions.title'));
  const [q, setQ] = useState('');
  const [status, setStatus] = useState('');
  const [personaId, setPersonaId] = useState<string | null>(null);
  const [clientId, setClientId] = useState<string | null>(null);
  const wanted = useDeferredValue(q.trim());
  const list = usePages<Session>('/sessions', {
    q: wanted || undefined,
    status: status || undefined,
    personaId: personaId ?? undefined,
    clientId: clientId ?? undefined,
  });
  const filtered = wanted !== '' || status !== '' || personaId !== null || clientId !== null;
  return (
    <main className="page" id="content">
      <div className="head">
        <h1>{t('sessions.title')}</h1>
        <Link to="/sessions/new" className="button primary">
          {t('sessions.new')}
        </Link>
      </div>
      <div className="row filters">
        <div className="grow">
          <Field label={t('common.search')}>
            {(ids) => (
              <input
                {...ids}
                type="search"
                placeholder={t('sessions.searchIn')}
                value={q}
                onChange={(e) => setQ(e.target.value)}
              />
            )}
          </Field>
        </div>
        <div className="grow">
          <Picker<Persona>
            label={t('sessions.persona')}
            path="/personas"
            query={archivedToo}
            nameOf={(p) => `${p.name} – ${p.role}`}
            onPick={setPersonaId}
          />
        </div>
        <div className="grow">
          <Picker<Client> label={t('sessions.client')} path="/clients" nameOf={(c) => c.name} onPick={setClientId} />
        </div>
        <Field label={t('sessions.status')}>
          {(ids) => (
            <select {...ids} value={status} onChange={(e) => setStatus(e.target.value)}>
              <option value="">{t('sessions.all')}</option>
              {statuses.map((s) => (
                <option key={s} value={s}>
                  {t(`sessions.${s}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <br />
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess &&
        list.items.length === 0 &&
        (filtered ? <p className="soft">{t('sessions.nothing')}</p> : <Empty />)}
      <ul className="list">
        {list.items.map((s) => (
          <li key={s.id}>
            <Item session={s} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <p>
          <button type="button" onClick={() => void list.fetchNextPage()}>
            {t('common.more')}
          </button>
        </p>
      )}
    </main>
  );
}

function Item({ session }: { session: Session }) {
  const { t } = useTranslation();
  return (
    <Link to="/sessions/$id" params={{ id: session.id }} className="item">
      <strong>{session.title}</strong>
      <span>
        <span className={`badge ${session.status === 'active' ? 'on' : ''}`}>{t(`sessions.${session.status}`)}</span>
      </span>
      <span className="soft small">
        {session.persona.name} · {session.client?.name ?? t('sessions.noClient')} ·{' '}
        {t('sessions.messages', { count: session.messageCount })}
      </span>
      <span className="soft small">{formatDate(session.lastActivityAt)}</span>
    </Link>
  );
}

function Empty() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const demo = useMutation({ mutationFn: () => api.post('/demo'), onSuccess: () => queries.invalidateQueries() });
  return (
    <div className="card empty">
      <h2>{t('sessions.empty')}</h2>
      <p className="soft">{t('sessions.emptyHint')}</p>
      <Failure error={demo.error} />
      {demo.isSuccess ? (
        <Link to="/sessions/new" className="button primary">
          {t('sessions.new')}
        </Link>
      ) : (
        <button type="button" className="primary" disabled={demo.isPending} onClick={() => demo.mutate()}>
          {t('sessions.demo')}
        </button>
      )}
    </div>
  );
}
