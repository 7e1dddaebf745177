import { documentStates, type KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { List } from '../../lib/Page.tsx';
import { Dialog, Failure, Field } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { documentsPath, refreshBase } from './base.ts';
import { ChosenDocuments } from './ChosenDocuments.tsx';
import { DocumentRow } from './DocumentRow.tsx';
import type { ShownDocument } from './documentEvents.ts';
import { EditDocument } from './EditDocument.tsx';
import { Folders, searchOf, type Shown } from './Folders.tsx';

interface Props {
  base: KnowledgeBaseDetail;
  shown: Shown;
}

/** The documents of a base, or of one of its folders, as they stand now. */
export function Documents({ base, shown }: Props) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [editing, setEditing] = useState<ShownDocument | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [deleting, setDeleting] = useState<ShownDocument | null>(null);
  const path = documentsPath(base.id);
  const list = usePages<ShownDocument>(path, { ...searchOf(shown), q: name.trim() || undefined });
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: (id: string) => api.delete(`${path}/${id}`),
    onSuccess: () => refreshBase(queries, base.id),
  });
  return (
    <section className="stack" aria-labelledby="documents">
      <h2 id="documents">{t('knowledge.documents', { count: base.documentCount })}</h2>
      <Folders base={base} shown={shown} />
      {base.documentCount > 0 && <Filters base={base} shown={shown} name={name} onName={setName} />}
      <Failure error={remove.error} />
      <ChosenDocuments
        base={base}
        ids={list.items.map(({ id }) => id).filter((id) => chosen.has(id))}
        onNone={() => setChosen(new Set())}
      />
      <div>
        <List
          list={list}
          empty={<p className="soft">{base.documentCount === 0 ? t('knowledge.noDocuments') : t('common.noMatch')}</p>}
        >
          {(document) => (
            <DocumentRow
              baseId={base.id}
              document={document}
              chosen={chosen.has(document.id)}
              onChoose={(on) => {
                const next = new Set(chosen);
                if (on) next.add(document.id);
                else next.delete(document.id);
                setChosen(next);
              }}
              onEdit={() => setEditing(document)}
              onDelete={() => setDeleting(document)}
            />
          )}
        </List>
      </div>
      <Confirm
        open={deleting !== null}
        title={t('knowledge.deleteTitle')}
        text={`${deleting?.title ?? ''}: ${t('knowledge.deleteText')}`}
        action={t('common.delete')}
        onConfirm={() => deleting && remove.mutate(deleting.id)}
        onClose={() => setDeleting(null)}
      />
      <Dialog open={editing !== null} title={t('knowledge.editTitle')} onClose={() => setEditing(null)}>
        {editing && <EditDocument base={base} document={editing} onDone={() => setEditing(null)} />}
      </Dialog>
    </section>
  );
}

function Filters({ base, shown, name, onName }: Props & { name: string; onName(name: string): void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const set = (more: Partial<Shown>) =>
    void navigate({ to: '/knowledge/$id', params: { id: base.id }, search: searchOf({ ...shown, ...more }) as never });
  const tags = base.tags.map((tag) => tag.name);
  return (
    <div className="row filters">
      <div className="grow">
        <Field label={t('knowledge.byName')}>
          {(ids) => (
            <input {...ids} type="search" maxLength={200} value={name} onChange={(e) => onName(e.target.value)} />
          )}
        </Field>
      </div>
      {(tags.length > 0 || shown.tag) && (
        <Field label={t('knowledge.tag')}>
          {(ids) => (
            <select {...ids} value={shown.tag} onChange={(e) => set({ tag: e.target.value })}>
              <option value="">{t('common.any')}</option>
              {[...new Set([...tags, ...(shown.tag ? [shown.tag] : [])])].map((tag) => (
                <option key={tag}>{tag}</option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label={t('knowledge.stateLabel')}>
        {(ids) => (
          <select {...ids} value={shown.state} onChange={(e) => set({ state: e.target.value })}>
            <option value="">{t('common.any')}</option>
            {documentStates.map((state) => (
              <option key={state} value={state}>
                {t(`knowledge.state.${state}`)} ({base.states[state] ?? 0})
              </option>
            ))}
          </select>
        )}
      </Field>
    </div>
  );
}
