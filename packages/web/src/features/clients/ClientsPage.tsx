import type { Client } from '@rapport/protocol/clients';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Dialog, Failure, Field, fieldError, Loading, useTitle } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { Assignments } from './Assignments.tsx';
import { ClientConsents } from '../privacy/ClientConsents.tsx';

type Draft = Pick<Client, 'name' | 'language' | 'about'> & { id?: string };

const fresh: Draft = { name: '', language: 'en', about: '' };

export function ClientsPage() {
  const { t } = useTranslation();
  useTitle(t('clients.title'));
  const may = useMay();
  const [editing, setEditing] = useState<Draft | null>(null);
  const list = usePages<Client>('/clients');
  return (
    <main className="page" id="content">
      <div className="head">
        <h1>{t('clients.title')}</h1>
        {may('clients.break-glass') && !may('clients.read-all') && (
          <Link to="/break-glass" className="button">
            {t('breakGlass.title')}
          </Link>
        )}
        {may('clients.manage') && (
          <button type="button" className="primary" onClick={() => setEditing(fresh)}>
            {t('clients.new')}
          </button>
        )}
      </div>
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && list.items.length === 0 && (
        <div className="card empty">
          <h2>{t('clients.empty')}</h2>
        </div>
      )}
      <ul className="list">
        {list.items.map((client) => (
          <li key={client.id} className="card">
            <div className="row">
              <div className="grow">
                <strong>
                  <bdi>{client.name}</bdi>
                </strong>
                <div className="soft small clamped" dir="auto">
                  {client.about}
                </div>
              </div>
              <button
                type="button"
                aria-label={`${t('common.open')}: ${client.name}`}
                onClick={() => setEditing(client)}
              >
                {t('common.open')}
              </button>
            </div>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <button type="button" onClick={() => void list.fetchNextPage()}>
          {t('common.more')}
        </button>
      )}
      <Dialog
        open={editing !== null}
        title={editing?.id ? editing.name : t('clients.new')}
        onClose={() => setEditing(null)}
      >
        {editing && <ClientForm initial={editing} onDone={() => setEditing(null)} />}
        {editing?.id && <Assignments clientId={editing.id} />}
        {editing?.id && <ClientConsents clientId={editing.id} />}
      </Dialog>
    </main>
  );
}

function ClientForm({ initial, onDone }: { initial: Draft; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [{ name, language, about }, setDraft] = useState(initial);
  const body = { name, language, about };
  const save = useMutation({
    mutationFn: () => (initial.id ? api.patch(`/clients/${initial.id}`, body) : api.post('/clients', body)),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['/clients'] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('common.name')} error={fieldError(save.error, '/name')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={120}
            value={name}
            onChange={(e) => setDraft({ ...body, name: e.target.value })}
          />
        )}
      </Field>
      <Field label={t('clients.language')} error={fieldError(save.error, '/language')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={35}
            value={language}
            onChange={(e) => setDraft({ ...body, language: e.target.value })}
          />
        )}
      </Field>
      <Field
        label={`${t('clients.about')} (${t('common.optional')})`}
        hint={t('clients.aboutHint')}
        error={fieldError(save.error, '/about')}
      >
        {(ids) => (
          <textarea
            {...ids}
            maxLength={8000}
            value={about}
            onChange={(e) => setDraft({ ...body, about: e.target.value })}
          />
        )}
      </Field>
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}
