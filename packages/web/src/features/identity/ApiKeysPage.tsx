import type { ApiKey, ApiKeyCreated } from '@rapport/protocol/members';
import { keyPermissions } from '@rapport/protocol/permissions';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, List, Page } from '../../lib/Page.tsx';
import { Confirm } from '../../lib/Confirm.tsx';
import { CopyButton, Dialog, Failure, Field, fieldError, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { PermissionChecks } from './PermissionChecks.tsx';

export function ApiKeysPage() {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const [everybody, setEverybody] = useState(false);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const list = usePages<ApiKey>('/api-keys', { of: everybody ? 'everybody' : 'me' });
  const revoke = useMutation({
    mutationFn: (id: string) => api.delete(`/api-keys/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/api-keys'] }),
  });
  return (
    <Page
      title={t('apiKeys.title')}
      hint={t('apiKeys.hint')}
      actions={
        <button type="button" className="primary" onClick={() => setMaking(true)}>
          {t('apiKeys.new')}
        </button>
      }
    >
      {may('api-keys.manage') && (
        <label className="check">
          <input type="checkbox" checked={everybody} onChange={(e) => setEverybody(e.target.checked)} />
          <span>{t('apiKeys.everybody')}</span>
        </label>
      )}
      <Failure error={revoke.error} />
      <List list={list} empty={<Empty title={t('apiKeys.empty')} />}>
        {(key) => (
          <>
            <Key apiKey={key} withMember={everybody} />
            <button
              type="button"
              className="danger"
              aria-label={`${t('apiKeys.revoke')}: ${key.name}`}
              onClick={() => setRevoking(key)}
            >
              {t('apiKeys.revoke')}
            </button>
          </>
        )}
      </List>
      <Dialog open={making} title={t('apiKeys.new')} onClose={() => setMaking(false)}>
        {making && <KeyForm />}
      </Dialog>
      <Confirm
        open={revoking !== null}
        title={t('apiKeys.revokeTitle')}
        text={t('apiKeys.revokeText', { name: revoking?.name ?? '' })}
        action={t('apiKeys.revoke')}
        onConfirm={() => revoking && revoke.mutate(revoking.id)}
        onClose={() => setRevoking(null)}
      />
    </Page>
  );
}

function Key({ apiKey, withMember }: { apiKey: ApiKey; withMember: boolean }) {
  const { t } = useTranslation();
  const { expiresAt, lastUsedAt } = apiKey;
  return (
    <div className="grow">
      <strong>{apiKey.name}</strong> <code>{apiKey.hint}…</code>
      <br />
      <span className="soft small">
        {[
          withMember && apiKey.member.name,
          expiresAt ? t('invite.until', { date: formatDate(expiresAt) }) : t('apiKeys.forever'),
          lastUsedAt ? t('apiKeys.used', { date: formatDate(lastUsedAt) }) : t('apiKeys.unused'),
          apiKey.scopes.join(', '),
        ]
          .filter(Boolean)
          .join(' · ')}
      </span>
    </div>
  );
}

const spans = [30, 90, 365] as const;

function KeyForm() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<string[]>([]);
  const [days, setDays] = useState<number | null>(90);
  const create = useMutation({
    mutationFn: () => api.post<ApiKeyCreated>('/api-keys', { name, scopes, expiresInDays: days }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['/api-keys'] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  if (create.data)
    return (
      <div className="stack">
        <Field label={t('apiKeys.key')} hint={t('apiKeys.once')}>
          {(ids) => <input {...ids} readOnly value={create.data.key} onFocus={(e) => e.target.select()} />}
        </Field>
        <CopyButton text={create.data.key} className="primary" />
      </div>
    );
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('apiKeys.purpose')} error={fieldError(create.error, '/name')}>
        {(ids) => <input {...ids} required maxLength={120} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Field label={t('invite.expires')}>
        {(ids) => (
          <select {...ids} value={days ?? ''} onChange={(e) => setDays(e.target.value ? Number(e.target.value) : null)}>
            {spans.map((span) => (
              <option key={span} value={span}>
                {t('apiKeys.days', { count: span })}
              </option>
            ))}
            <option value="">{t('apiKeys.forever')}</option>
          </select>
        )}
      </Field>
      <PermissionChecks offered={keyPermissions} chosen={scopes} onChange={setScopes} />
      <Failure error={create.error} />
      <button className="primary" disabled={create.isPending || scopes.length === 0}>
        {t('apiKeys.make')}
      </button>
    </form>
  );
}
