import type { Client } from '@rapport/protocol/clients';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, List, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, fieldError } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { RungField } from '../supervision/RungField.tsx';
import { Assignments } from './Assignments.tsx';
import { ClientConsents } from '../privacy/ClientConsents.tsx';

type Draft = Pick<Client, 'name' | 'language' | 'about' | 'policy'> & { id?: string };

const fresh: Draft = { name: '', language: 'en', about: '', policy: 'auto' };

export function ClientsPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [editing, setEditing] = useState<Draft | null>(null);
  const list = usePages<Client>('/clients');
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
            <button type="button" className="primary" onClick={() => setEditing(fresh)}>
              {t('clients.new')}
            </button>
          )}
        </>
      }
    >
      <List list={list} empty={<Empty title={t('clients.empty')} />}>
        {(client) => (
          <>
            <div className="grow">
              <strong>
                <bdi>{client.name}</bdi>
              </strong>
              <div className="soft small clamped" dir="auto">
                {client.about}
              </div>
            </div>
            <button type="button" aria-label={`${t('common.open')}: ${client.name}`} onClick={() => setEditing(client)}>
              {t('common.open')}
            </button>
          </>
        )}
      </List>
      <Dialog
        open={editing !== null}
        title={editing?.id ? editing.name : t('clients.new')}
        onClose={() => setEditing(null)}
      >
        {editing && may('clients.manage') && <ClientForm initial={editing} onDone={() => setEditing(null)} />}
        {editing && !may('clients.manage') && <p dir="auto">{editing.about}</p>}
        {editing?.id && may('memory.read') && (
          <p>
            <Link to="/clients/$id/memories" params={{ id: editing.id }}>
              {t('memory.title')}
            </Link>
          </p>
        )}
        {editing?.id && <Assignments clientId={editing.id} />}
        {editing?.id && may('consents.manage') && <ClientConsents clientId={editing.id} />}
      </Dialog>
    </Page>
  );
}

function ClientForm({ initial, onDone }: { initial: Draft; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [{ name, language, about, policy }, setDraft] = useState(initial);
  const body = { name, language, about, policy };
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
      <RungField
        label={t('policy.client')}
        value={policy}
        onChange={(next) => setDraft({ ...body, policy: next })}
        error={fieldError(save.error, '/policy')}
      />
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}
