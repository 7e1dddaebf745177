import type { KnowledgeBaseDetail } from '@rapport/protocol/knowledge';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useId, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { documentsPath, refreshBase } from './base.ts';
import type { ShownDocument } from './documentEvents.ts';

interface FolderProps {
  base: KnowledgeBaseDetail;
  value: string;
  error: unknown;
  onChange(folder: string): void;
}

/** A folder there is, or a new one: it is there as soon as something is in it. */
export function FolderField({ base, value, error, onChange }: FolderProps) {
  const { t } = useTranslation();
  const listId = useId();
  return (
    <Field label={t('knowledge.folder')} hint={t('knowledge.folderHint')} error={fieldError(error, '/folder')}>
      {(ids) => (
        <>
          <input
            {...ids}
            maxLength={300}
            list={listId}
            dir="auto"
            value={value}
            onChange={(e) => onChange(e.target.value)}
          />
          <datalist id={listId}>
            {base.folders.map(({ path }) => (
              <option key={path} value={path} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

export const tagsOf = (text: string): string[] => [
  ...new Set(
    text
      .split(',')
      .map((tag) => tag.trim())
      .filter(Boolean),
  ),
];

interface Props {
  base: KnowledgeBaseDetail;
  document: ShownDocument;
  onDone(): void;
}

export function EditDocument({ base, document, onDone }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [title, setTitle] = useState(document.title);
  const [folder, setFolder] = useState(document.folder);
  const [tags, setTags] = useState(document.tags.join(', '));
  const save = useMutation({
    mutationFn: () =>
      api.patch(`${documentsPath(base.id)}/${document.id}`, { title, folder: folder.trim(), tags: tagsOf(tags) }),
    onSuccess: async () => {
      onDone();
      await refreshBase(queries, base.id);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('knowledge.docTitle')} error={fieldError(save.error, '/title')}>
        {(ids) => (
          <input
            {...ids}
            required
            maxLength={300}
            dir="auto"
            value={title}
            onChange={(e) => setTitle(e.target.value)}
          />
        )}
      </Field>
      <FolderField base={base} value={folder} error={save.error} onChange={setFolder} />
      <Field label={t('knowledge.tags')} hint={t('knowledge.tagsHint')} error={fieldError(save.error, '/tags')}>
        {(ids) => <input {...ids} dir="auto" value={tags} onChange={(e) => setTags(e.target.value)} />}
      </Field>
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}
