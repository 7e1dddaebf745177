import type { Persona } from '@rapport/protocol/personas';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, More, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

const archivedToo = { archived: 'true' };

export function PersonasPage() {
  const { t } = useTranslation();
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const [archived, setArchived] = useState(false);
  const list = usePages<Persona>('/personas', archived ? archivedToo : {});
  return (
    <Page
      title={t('personas.title')}
      actions={
        may('personas.author') && (
          <button type="button" className="primary" onClick={() => setAdding(true)}>
            {t('personas.new')}
          </button>
        )
      }
    >
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && list.items.length === 0 && (
        <Empty title={t('personas.empty')} hint={t('personas.emptyHint')} />
      )}
      <p>
        <label className="check">
          <input type="checkbox" checked={archived} onChange={(e) => setArchived(e.target.checked)} />
          <span>{t('personas.showArchived')}</span>
        </label>
      </p>
      <div className="grid">
        {list.items.map((persona) => (
          <Card key={persona.id} persona={persona} />
        ))}
      </div>
      <More list={list} />
      <Dialog open={adding} title={t('personas.new')} onClose={() => setAdding(false)}>
        <NewPersona />
      </Dialog>
    </Page>
  );
}

function Card({ persona }: { persona: Persona }) {
  const { t } = useTranslation();
  return (
    <Link to="/personas/$id" params={{ id: persona.id }} className="card">
      <h2 dir="auto">{persona.name}</h2>
      <p className="soft">{persona.role}</p>
      <div className="row">
        {persona.publishedVersion === null ? (
          <span className="badge">{t('personas.draft')}</span>
        ) : (
          <span className="badge on">{t('personas.published', { version: persona.publishedVersion })}</span>
        )}
        {persona.publishedVersion !== null && persona.draftChanged && (
          <span className="badge warn">{t('personas.changed')}</span>
        )}
        {persona.archived && <span className="badge warn">{t('personas.archived')}</span>}
      </div>
    </Link>
  );
}

function NewPersona() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [body, setBody] = useState({ name: '', role: '', instructions: '' });
  const create = useMutation({
    mutationFn: () => api.post<Persona>('/personas', body),
    onSuccess: async (persona) => {
      await queries.invalidateQueries({ queryKey: ['/personas'] });
      await navigate({ to: '/personas/$id', params: { id: persona.id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('common.name')} error={fieldError(create.error, '/name')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={120}
            value={body.name}
            onChange={(e) => setBody({ ...body, name: e.target.value })}
          />
        )}
      </Field>
      <Field label={t('personas.role')} hint={t('personas.roleHint')} error={fieldError(create.error, '/role')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={200}
            value={body.role}
            onChange={(e) => setBody({ ...body, role: e.target.value })}
          />
        )}
      </Field>
      <Field label={t('personas.instructions')} error={fieldError(create.error, '/instructions')}>
        {(ids) => (
          <textarea
            {...ids}
            required
            maxLength={20_000}
            value={body.instructions}
            onChange={(e) => setBody({ ...body, instructions: e.target.value })}
          />
        )}
      </Field>
      <Failure error={create.error} marked />
      <button className="primary" disabled={create.isPending}>
        {t('common.create')}
      </button>
    </form>
  );
}
