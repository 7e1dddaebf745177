import type { Client } from '@rapport/protocol/clients';
import type { Persona } from '@rapport/protocol/personas';
import type { Session } from '@rapport/protocol/sessions';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { mayOpen } from '../../lib/access.ts';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, More, Page } from '../../lib/Page.tsx';
import { Failure, Field, formatDate, Loading } from '../../lib/ui.tsx';
import { isId } from '../../lib/isId.ts';
import { Picker } from '../../lib/Picker.tsx';
import { usePages } from '../../lib/usePages.ts';

// A session of an archived persona is found by it as before.
const archivedToo = { archived: 'true' };
const statuses = ['active', 'paused', 'ended'] as const;

type Filter = Partial<Record<'q' | 'status' | 'personaId' | 'clientId', string>>;

/** What an address asks for; whatever else it holds is left out. */
function filterOf(search: Record<string, unknown>): Filter {
  const { q, status, personaId, clientId } = search;
  return {
    ...(q === undefined ? {} : { q: String(q) }),
    ...(statuses.some((s) => s === status) ? { status: String(status) } : {}),
    ...(isId(personaId) ? { personaId } : {}),
    ...(isId(clientId) ? { clientId } : {}),
  };
}

/** The filter stands in the address: it is there again after a look at a session, and can be handed on. */
function useFilter() {
  const navigate = useNavigate();
  const { search, state } = useLocation();
  const [filter, setFilter] = useState(() => filterOf(search));
  // Typing is ahead of the address; an address that was not made here is another filter.
  const own = 'filter' in state;
  useEffect(() => {
    if (!own) setFilter(filterOf(search));
  }, [own, search]);
  const change = (more: { [K in keyof Filter]: Filter[K] | null }) => {
    const all = Object.entries({ ...filter, ...more }).filter(([, value]) => value);
    const next = Object.fromEntries(all) as Filter;
    setFilter(next);
    void navigate({ to: '/', search: next as never, state: { filter: true } as never, replace: true });
  };
  return [filter, change] as const;
}

export function SessionsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [filter, change] = useFilter();
  const wanted = useDeferredValue((filter.q ?? '').trim());
  const list = usePages<Session>('/sessions', { ...filter, q: wanted || undefined });
  const filtered = wanted !== '' || Boolean(filter.status ?? filter.personaId ?? filter.clientId);
  return (
    <Page
      title={t('sessions.title')}
      actions={
        mayOpen('/sessions/new', may) && (
          <Link to="/sessions/new" className="button primary">
            {t('sessions.new')}
          </Link>
        )
      }
    >
      <div className="row filters">
        <div className="grow">
          <Field label={t('common.search')}>
            {(ids) => (
              <input
                {...ids}
                type="search"
                placeholder={t('sessions.searchIn')}
                value={filter.q ?? ''}
                onChange={(e) => change({ q: e.target.value })}
              />
            )}
          </Field>
        </div>
        {may('personas.read') && (
          <div className="grow">
            <Picker<Persona>
              label={t('sessions.persona')}
              path="/personas"
              query={archivedToo}
              nameOf={(p) => p.name}
              detailOf={(p) => p.role}
              value={filter.personaId ?? null}
              onPick={(personaId) => change({ personaId })}
              none={t('common.any')}
            />
          </div>
        )}
        {may('clients.read') && (
          <div className="grow">
            <Picker<Client>
              label={t('sessions.client')}
              path="/clients"
              nameOf={(c) => c.name}
              value={filter.clientId ?? null}
              onPick={(clientId) => change({ clientId })}
              none={t('common.any')}
            />
          </div>
        )}
        <Field label={t('sessions.status')}>
          {(ids) => (
            <select {...ids} value={filter.status ?? ''} onChange={(e) => change({ status: e.target.value })}>
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
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess &&
        list.items.length === 0 &&
        (filtered ? <p className="soft">{t('sessions.nothing')}</p> : <Nothing />)}
      <ul className="list">
        {list.items.map((s) => (
          <li key={s.id}>
            <Item session={s} />
          </li>
        ))}
      </ul>
      <More list={list} />
    </Page>
  );
}

function Item({ session }: { session: Session }) {
  const { t } = useTranslation();
  const may = useMay();
  const frame = (children: ReactNode) =>
    mayOpen('/sessions/$id', may) ? (
      <Link to="/sessions/$id" params={{ id: session.id }} className="item">
        {children}
      </Link>
    ) : (
      <div className="item">{children}</div>
    );
  return frame(
    <>
      <strong dir="auto">{session.title}</strong>
      <span>
        <span className={`badge ${session.status === 'active' ? 'on' : ''}`}>{t(`sessions.${session.status}`)}</span>
      </span>
      <span className="soft small">
        <bdi>{session.persona.name}</bdi> · <bdi>{session.client?.name ?? session.alias ?? t('sessions.noClient')}</bdi>{' '}
        · {t('sessions.messages', { count: session.messageCount })}
      </span>
      <span className="soft small">{formatDate(session.lastActivityAt)}</span>
    </>,
  );
}

function Nothing() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const may = useMay();
  const demo = useMutation({ mutationFn: () => api.post('/demo'), onSuccess: () => queries.invalidateQueries() });
  if (!may('organisation.manage')) return <Empty title={t('sessions.empty')} />;
  return (
    <Empty title={t('sessions.empty')} hint={t('sessions.emptyHint')}>
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
    </Empty>
  );
}
