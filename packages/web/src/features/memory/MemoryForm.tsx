import type { Memory } from '@rapport/protocol/memory';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { ReferenceFields, type Reference } from './ReferenceFields.tsx';

interface Props {
  /** Whose memories it joins: the path of their list. */
  path: string;
  /** Theirs; null: a persona's. */
  clientId: string | null;
  /** What the new statement takes the place of. */
  corrects?: Memory;
  onDone(): void;
}

/** What a member of the team writes holds at once. */
export function MemoryForm({ path, clientId, corrects, onDone }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [statement, setStatement] = useState(corrects?.statement ?? '');
  const [tags, setTags] = useState('');
  const [sensitive, setSensitive] = useState(false);
  const [reference, setReference] = useState<Reference | null>(null);
  const [unchosen, setUnchosen] = useState(false);
  const save = useMutation({
    mutationFn: () =>
      corrects
        ? api.post<Memory>(`/memories/${corrects.id}/correct`, { statement })
        : api.post<Memory>(path, {
            statement,
            sensitivity: sensitive ? 'sensitive' : 'normal',
            references: reference ? [reference] : [],
            tags: [...new Set(tags.split(',').map((tag) => tag.trim()))].filter(Boolean),
          }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [path] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // What was begun is chosen or taken back.
    if (reference?.id === '') return setUnchosen(true);
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field
        label={t('memory.statement')}
        hint={t('memory.statementHint')}
        error={fieldError(save.error, '/statement')}
      >
        {(ids) => (
          <textarea
            {...ids}
            required
            maxLength={2000}
            value={statement}
            onChange={(e) => setStatement(e.target.value)}
          />
        )}
      </Field>
      {!corrects && (
        <>
          <Field
            label={`${t('memory.tags')} (${t('common.optional')})`}
            hint={t('memory.tagsHint')}
            error={fieldError(save.error, '/tags')}
          >
            {(ids) => <input {...ids} maxLength={1000} value={tags} onChange={(e) => setTags(e.target.value)} />}
          </Field>
          <label className="check">
            <input type="checkbox" checked={sensitive} onChange={(e) => setSensitive(e.target.checked)} />
            {t('memory.isSensitive')}
          </label>
          <ReferenceFields
            path={path}
            clientId={clientId}
            reference={reference}
            onChange={setReference}
            error={unchosen && reference?.id === '' ? t('common.notChosen') : fieldError(save.error, '/references/0')}
          />
        </>
      )}
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}
