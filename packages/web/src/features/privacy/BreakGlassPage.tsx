import type { BreakGlassClients, BreakGlassGrant } from '@rapport/protocol/breakGlass';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { List, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, fieldError, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

const lengths = [15, 30, 60, 120, 240];

export function BreakGlassPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [opening, setOpening] = useState(false);
  const list = usePages<BreakGlassGrant>('/break-glass');
  return (
    <Page
      title={t('breakGlass.title')}
      hint={t('breakGlass.intro')}
      actions={
        may('clients.break-glass') && (
          <button type="button" className="primary" onClick={() => setOpening(true)}>
            {t('breakGlass.new')}
          </button>
        )
      }
    >
      <List list={list} empty={<p className="soft">{t('breakGlass.empty')}</p>}>
        {(grant) => <Grant grant={grant} />}
      </List>
      <Dialog open={opening} title={t('breakGlass.new')} onClose={() => setOpening(false)}>
        <OpenForm onDone={() => setOpening(false)} />
      </Dialog>
    </Page>
  );
}

function Grant({ grant }: { grant: BreakGlassGrant }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: () => api.post(`/break-glass/${grant.id}/end`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['/break-glass'] }),
  });
  return (
    <>
      <div className="grow">
        <strong>{t('breakGlass.who', { user: grant.userName, client: grant.clientName })}</strong>{' '}
        <span className={grant.active ? 'badge warn' : 'badge'}>
          {t(grant.active ? 'breakGlass.open' : 'breakGlass.over')}
        </span>
        <br />
        {grant.reason}
        <br />
        <span className="soft small">
          {t('breakGlass.when', {
            from: formatDate(grant.createdAt),
            to: formatDate(grant.endedAt ?? grant.expiresAt),
          })}
        </span>
        <Failure error={end.error} />
      </div>
      {grant.active && (
        <button
          type="button"
          className="danger"
          disabled={end.isPending}
          aria-label={`${t('breakGlass.end')}: ${grant.userName}, ${grant.clientName}`}
          onClick={() => end.mutate()}
        >
          {t('breakGlass.end')}
        </button>
      )}
    </>
  );
}

function OpenForm({ onDone }: { onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const wanted = useDeferredValue(name.trim());
  const [reason, setReason] = useState('');
  const [minutes, setMinutes] = useState(60);
  const [picked, setPicked] = useState<string | null>(null);
  const clients = useQuery({
    queryKey: ['/break-glass/clients', wanted],
    queryFn: () => api.get<BreakGlassClients>('/break-glass/clients', { name: wanted }),
    enabled: false,
  });
  const found = clients.data?.items ?? [];
  const clientId = found.find(({ id }) => id === picked)?.id ?? (found.length === 1 ? found[0]?.id : undefined);
  const open = useMutation({
    mutationFn: () => api.post('/break-glass', { clientId, reason, minutes }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['/break-glass'] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    open.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field
        label={t('breakGlass.client')}
        hint={t('breakGlass.clientHint')}
        error={clients.isSuccess && found.length === 0 ? t('common.noMatch') : undefined}
      >
        {(ids) => <input {...ids} required value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <div className="row">
        <button type="button" disabled={wanted === ''} onClick={() => void clients.refetch()}>
          {t('breakGlass.find')}
        </button>
        {found.length === 1 && (
          <span role="status">{t('breakGlass.found', { at: formatDate(found[0]?.createdAt ?? '') })}</span>
        )}
      </div>
      {found.length > 1 && (
        <Field label={t('breakGlass.which')}>
          {(ids) => (
            <select {...ids} value={picked ?? ''} onChange={(e) => setPicked(e.target.value)}>
              <option value="">{t('common.none')}</option>
              {found.map(({ id, createdAt }) => (
                <option key={id} value={id}>
                  {t('breakGlass.found', { at: formatDate(createdAt) })}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label={t('breakGlass.reason')} hint={t('breakGlass.reasonHint')} error={fieldError(open.error, '/reason')}>
        {(ids) => (
          <textarea
            {...ids}
            required
            minLength={10}
            maxLength={1000}
            value={reason}
            onChange={(e) => setReason(e.target.value)}
          />
        )}
      </Field>
      <Field label={t('breakGlass.minutes')}>
        {(ids) => (
          <select {...ids} value={minutes} onChange={(e) => setMinutes(Number(e.target.value))}>
            {lengths.map((length) => (
              <option key={length} value={length}>
                {t('breakGlass.length', { count: length })}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Failure error={open.error} />
      <button className="danger" disabled={open.isPending || clientId === undefined}>
        {t('breakGlass.go')}
      </button>
    </form>
  );
}
