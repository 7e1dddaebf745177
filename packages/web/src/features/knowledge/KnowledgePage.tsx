import type { KnowledgeBase } from '@rapport/protocol/knowledge';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, More, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, fieldError, Loading } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

export function KnowledgePage() {
  const { t } = useTranslation();
  const mayManage = useMay()('knowledge.manage');
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState('');
  const list = usePages<KnowledgeBase>('/knowledge-bases', { q: name.trim() || undefined });
  const none = list.isSuccess && list.items.length === 0;
  return (
    <Page
      title={t('knowledge.title')}
      actions={
        mayManage && (
          <button type="button" className="primary" onClick={() => setAdding(true)}>
            {t('knowledge.new')}
          </button>
        )
      }
    >
      {(!none || name !== '') && (
        <search>
          <Field label={t('knowledge.baseByName')}>
            {(ids) => (
              <input
                {...ids}
                type="search"
                maxLength={200}
                dir="auto"
                value={name}
                onChange={(e) => setName(e.target.value)}
              />
            )}
          </Field>
          <br />
        </search>
      )}
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {none && name === '' && <Empty title={t('knowledge.empty')} hint={t('knowledge.emptyHint')} />}
      {none && name !== '' && <p className="soft">{t('common.noMatch')}</p>}
      <div className="grid">
        {list.items.map((base) => (
          <Link key={base.id} to="/knowledge/$id" params={{ id: base.id }} className="card">
            <h2 dir="auto">{base.name}</h2>
            {base.description && (
              <p className="clamped" dir="auto">
                {base.description}
              </p>
            )}
            <p className="soft">
              {t('knowledge.documents', { count: base.documentCount })}
              {base.audience.kind === 'chosen' && ` · ${t('knowledge.audience.chosen')}`}
            </p>
          </Link>
        ))}
      </div>
      <br />
      <More list={list} />
      <Dialog open={adding} title={t('knowledge.new')} onClose={() => setAdding(false)}>
        <NewBase />
      </Dialog>
    </Page>
  );
}

function NewBase() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const create = useMutation({
    mutationFn: () => api.post<KnowledgeBase>('/knowledge-bases', { name }),
    onSuccess: (base) => navigate({ to: '/knowledge/$id', params: { id: base.id } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('common.name')} error={fieldError(create.error, '/name')}>
        {(ids) => <input {...ids} required maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />}
      </Field>
      <Failure error={create.error} marked />
      <button className="primary" disabled={create.isPending}>
        {t('common.create')}
      </button>
    </form>
  );
}
