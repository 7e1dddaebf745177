import type { KnowledgeResults, Passage } from '@rapport/protocol/knowledge';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field } from '../../lib/ui.tsx';
import { basePath } from './base.ts';
import { EmbeddingsUsed, RerankingUsed } from './Embeddings.tsx';

interface Props {
  baseId: string;
  label: string;
  hint?: string;
  limit: number;
  children(passages: Passage[], query: string): ReactNode;
  /** With what embeddings did for it. */
  explained?: boolean;
}

/** A question to a base, and what it has to say. */
export function SearchBase({ baseId, label, hint, limit, children, explained = false }: Props) {
  const { t } = useTranslation();
  const [query, setQuery] = useState('');
  const search = useMutation({
    mutationFn: (asked: string) =>
      api.post<KnowledgeResults>(`${basePath(baseId)}/search`, { query: asked, limit, explain: true }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    search.mutate(query);
  };
  const found = search.data?.results;
  return (
    <search className="stack">
      <form className="row ask" onSubmit={submit}>
        <div className="grow">
          <Field label={label} hint={hint}>
            {(ids) => (
              <input
                {...ids}
                type="search"
                required
                maxLength={2000}
                dir="auto"
                value={query}
                onChange={(e) => setQuery(e.target.value)}
              />
            )}
          </Field>
        </div>
        <button aria-disabled={search.isPending}>{t('common.search')}</button>
      </form>
      <Failure error={search.error} />
      <p role="status" className="soft small">
        {found && (found.length === 0 ? t('knowledge.noHit') : t('knowledge.found', { count: found.length }))}
      </p>
      {explained && search.data?.embeddings && <EmbeddingsUsed report={search.data.embeddings} />}
      {explained && search.data?.reranking && <RerankingUsed report={search.data.reranking} />}
      {found && found.length > 0 && children(found, search.variables ?? '')}
    </search>
  );
}
