import type { Client } from '@rapport/protocol/clients';
import { Link, useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Empty, List, Page } from '../../lib/Page.tsx';
import { Dialog, Field } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { ClientForm } from './ClientForm.tsx';
import { Tags } from './Tags.tsx';

export function ClientsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const [name, setName] = useState('');
  const [tag, setTag] = useState('');
  const [q, wanted] = [useDeferredValue(name.trim()), useDeferredValue(tag.trim())];
  const list = usePages<Client>('/clients', { q: q || undefined, tag: wanted || undefined });
  return (
    <Page
      title={t('clients.title')}
      actions={
        <>
          {may('clients.break-glass') && !may('clients.read-all') && (
            <Link to="/break-glass" className="button">
              {t('breakGlass.title')}
            </Link>
          )}
          {may('clients.manage') && (
            <button type="button" className="primary" onClick={() => setCreating(true)}>
              {t('clients.new')}
            </button>
          )}
        </>
      }
    >
      <div className="row filters">
        <div className="grow">
          <Field label={t('clients.byName')}>
            {(ids) => (
              <input {...ids} type="search" maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
            )}
          </Field>
        </div>
        <div className="grow">
          <Field label={t('knowledge.tag')}>
            {(ids) => (
              <input {...ids} type="search" maxLength={40} value={tag} onChange={(e) => setTag(e.target.value)} />
            )}
          </Field>
        </div>
      </div>
      <List list={list} empty={<Empty title={t(q || wanted ? 'clients.noMatch' : 'clients.empty')} />}>
        {(client) => (
          <div className="grow">
            <Link to="/clients/$id" params={{ id: client.id }}>
              <strong>
                <bdi>{client.name}</bdi>
              </strong>
            </Link>
            <div className="soft small clamped" dir="auto">
              {client.about}
            </div>
            <Tags tags={client.tags} onPick={setTag} />
          </div>
        )}
      </List>
      <Dialog open={creating} title={t('clients.new')} onClose={() => setCreating(false)}>
        <ClientForm onSaved={({ id }) => void navigate({ to: '/clients/$id', params: { id } })} />
      </Dialog>
    </Page>
  );
}
