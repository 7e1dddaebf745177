import type { KnowledgeBase } from '@rapport/protocol/knowledge';
import { useMutation } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Dialog, Failure, Field, Loading, useTitle } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

export function KnowledgePage() {
  const { t } = useTranslation();
  useTitle(t('knowledge.title'));
  const navigate = useNavigate();
  const [adding, setAdding] = useState(false);
  const [name, setName] = useState('');
  const list = usePages<KnowledgeBase>('/knowledge-bases');
  const create = useMutation({
    mutationFn: () => api.post<KnowledgeBase>('/knowledge-bases', { name }),
    onSuccess: (base) => navigate({ to: '/knowledge/$id', params: { id: base.id } }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <main className="page" id="content">
      <div className="head">
        <h1>{t('knowledge.title')}</h1>
        <button type="button" className="primary" onClick={() => setAdding(true)}>
          {t('knowledge.new')}
        </button>
      </div>
      <Failure error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && list.items.length === 0 && (
        <div className="card empty">
          <h2>{t('knowledge.empty')}</h2>
          <p className="soft">{t('knowledge.emptyHint')}</p>
        </div>
      )}
      <div className="grid">
        {list.items.map((base) => (
          <Link key={base.id} to="/knowledge/$id" params={{ id: base.id }} className="card">
            <h2>{base.name}</h2>
            <p className="soft">{t('knowledge.documents', { count: base.documentCount })}</p>
          </Link>
        ))}
      </div>
      <Dialog open={adding} title={t('knowledge.new')} onClose={() => setAdding(false)}>
        <form className="stack" onSubmit={submit}>
          <Field label={t('common.name')}>
            {(ids) => (
              <input {...ids} required maxLength={200} value={name} onChange={(e) => setName(e.target.value)} />
            )}
          </Field>
          <Failure error={create.error} />
          <button className="primary" disabled={create.isPending}>
            {t('common.create')}
          </button>
        </form>
      </Dialog>
    </main>
  );
}
