import type { Document, KnowledgeBase, Passage } from '@rapport/protocol/knowledge';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { NotFound } from '../../lib/Page.tsx';
import { Failure, Field, fieldError, isMissing, Loading, useTitle } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

export function KnowledgeBasePage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { t } = useTranslation();
  const base = useQuery({
    queryKey: ['knowledge-base', id],
    queryFn: () => api.get<KnowledgeBase>(`/knowledge-bases/${id}`),
    enabled: isId(id),
  });
  useTitle(base.data?.name ?? t('knowledge.title'));
  if (!isId(id) || isMissing(base.error)) return <NotFound />;
  if (base.isPending) return <Loading />;
  return (
    <main className="page" id="content">
      <Failure error={base.error} />
      {base.data && (
        <>
          <div className="head">
            <h1>{base.data.name}</h1>
          </div>
          <Search baseId={id} />
          <Documents baseId={id} />
          <AddDocument baseId={id} />
        </>
      )}
    </main>
  );
}

function Search({ baseId }: { baseId: string }) {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const search = useMutation({
    mutationFn: () => api.post<{ results: Passage[] }>(`/knowledge-bases/${baseId}/search`, { query, limit: 5 }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    search.mutate();
  };
  return (
    <section className="stack">
      <form className="row" onSubmit={submit}>
        <div className="grow">
          <Field label={t('knowledge.search')}>
            {(ids) => (
              <input
                {...ids}
                type="search"
                required
                maxLength={2000}
                value={query}
                onChange={(e) => setQuery(e.target.value)}
              />
            )}
          </Field>
        </div>
        <button>{t('common.search')}</button>
      </form>
      <Failure error={search.error} />
      {search.data?.results.length === 0 && <p className="soft">{t('knowledge.noHit')}</p>}
      <ul className="list">
        {search.data?.results.map((p) => (
          <li key={p.chunkId} className="card">
            <p className="small soft">
              {[p.title, ...p.headingPath].join(' › ')} · {t('knowledge.score', { score: p.score.toFixed(2) })}
            </p>
            <p>{p.text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Documents({ baseId }: { baseId: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [deleting, setDeleting] = useState<Document | null>(null);
  const path = `/knowledge-bases/${baseId}/documents`;
  const list = usePages<Document>(path);
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(`${path}/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: [path] }),
  });
  return (
    <section>
      <br />
      <h2>{t('knowledge.documents', { count: list.items.length })}</h2>
      <Failure error={list.error ?? remove.error} />
      <ul className="list">
        {list.items.map((d) => (
          <li key={d.id} className="card row">
            <span className="grow">
              <strong>{d.title}</strong>{' '}
              <span className="soft small">{t('knowledge.chunks', { count: d.chunkCount })}</span>
            </span>
            <button
              type="button"
              className="quiet"
              aria-label={`${t('common.delete')}: ${d.title}`}
              onClick={() => setDeleting(d)}
            >
              {t('common.delete')}
            </button>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <button type="button" onClick={() => void list.fetchNextPage()}>
          {t('common.more')}
        </button>
      )}
      <Confirm
        open={deleting !== null}
        title={t('knowledge.deleteTitle')}
        text={`${deleting?.title ?? ''}: ${t('knowledge.deleteText')}`}
        action={t('common.delete')}
        onConfirm={() => deleting && remove.mutate(deleting.id)}
        onClose={() => setDeleting(null)}
      />
    </section>
  );
}

function AddDocument({ baseId }: { baseId: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const add = useMutation({
    mutationFn: () => api.post(`/knowledge-bases/${baseId}/documents`, { title, text }),
    onSuccess: async () => {
      setTitle('');
      setText('');
      await queries.invalidateQueries({ queryKey: [`/knowledge-bases/${baseId}/documents`] });
    },
  });
  const read = async (file: File | undefined) => {
    if (!file) return;
    setText(await file.text());
    if (title === '') setTitle(file.name.replace(/\.(md|txt|markdown)$/i, ''));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <br />
      <h2>{t('knowledge.addText')}</h2>
      <Field label={t('knowledge.docTitle')} error={fieldError(add.error, '/title')}>
        {(ids) => <input {...ids} required maxLength={300} value={title} onChange={(e) => setTitle(e.target.value)} />}
      </Field>
      <Field label={t('knowledge.text')} error={fieldError(add.error, '/text')}>
        {(ids) => (
          <textarea
            {...ids}
            required
            rows={8}
            maxLength={500_000}
            value={text}
            onChange={(e) => setText(e.target.value)}
          />
        )}
      </Field>
      <Field label={t('knowledge.file')}>
        {(ids) => (
          <input
            {...ids}
            type="file"
            accept=".md,.txt,.markdown,text/plain,text/markdown"
            onChange={(e) => void read(e.target.files?.[0])}
          />
        )}
      </Field>
      <Failure error={add.error} marked />
      <button className="primary" disabled={add.isPending}>
        {t('common.add')}
      </button>
    </form>
  );
}
