import type { Goal } from '@rapport/protocol/goals';
import type { Thread, ThreadStatus } from '@rapport/protocol/threads';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Failure, Field, fieldError } from '../../lib/ui.tsx';
import { Checks } from '../identity/Checks.tsx';
import { FolderField } from './FolderField.tsx';
import { errorOfMany, pieces } from './pieces.ts';

export const threadStatuses = ['open', 'paused', 'done'] as const satisfies readonly ThreadStatus[];

const draftOf = (thread: Thread | undefined, folderId: string | null) => ({
  name: thread?.name ?? '',
  description: thread?.description ?? '',
  stage: thread?.stage ?? '',
  status: thread?.status ?? ('open' as ThreadStatus),
  tags: thread?.tags.join(', ') ?? '',
  folderId: thread ? thread.folderId : folderId,
  goalIds: thread?.goalIds ?? [],
});
type Draft = ReturnType<typeof draftOf>;

const bodyOf = ({ tags, ...draft }: Draft) => ({ ...draft, tags: pieces(tags, ',') });

interface Props {
  clientId: string;
  thread?: Thread;
  /** Where a new one lies at first. */
  folderId?: string | null;
  onSaved(thread: Thread): void;
}

/** A new thread, or what stands of one. */
export function ThreadForm({ clientId, thread, folderId = null, onSaved }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(thread, folderId));
  const change = (more: Partial<Draft>) => setDraft({ ...draft, ...more });
  const save = useMutation({
    mutationFn: () =>
      thread
        ? api.patch<Thread>(`/threads/${thread.id}`, { ...bodyOf(draft), revision: thread.revision })
        : api.post<Thread>(`/clients/${clientId}/threads`, bodyOf(draft)),
    onSuccess: async (next) => {
      queries.setQueryData(['thread', next.id], next);
      await queries.invalidateQueries({ queryKey: ['/threads'] });
      onSaved(next);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Words draft={draft} change={change} error={save.error} />
      <div className="row">
        <Field label={t('threads.status')}>
          {(ids) => (
            <select {...ids} value={draft.status} onChange={(e) => change({ status: e.target.value as ThreadStatus })}>
              {threadStatuses.map((status) => (
                <option key={status} value={status}>
                  {t(`threads.is.${status}`)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <FolderField
          label={t('threads.folder')}
          none={t('threads.noFolder')}
          value={draft.folderId}
          onChange={(folderId) => change({ folderId })}
          error={fieldError(save.error, '/folderId')}
        />
      </div>
      <Goals clientId={clientId} chosen={draft.goalIds} onChange={(goalIds) => change({ goalIds })} />
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}

function Words({ draft, change, error }: { draft: Draft; change(more: Partial<Draft>): void; error: unknown }) {
  const { t } = useTranslation();
  const line = (key: 'name' | 'stage' | 'tags', label: string, max: number, hint?: string) => (
    <Field label={label} hint={hint} error={errorOfMany(error, `/${key}`, key === 'tags' ? 20 : 0)}>
      {(ids) => (
        <input
          {...ids}
          required={key === 'name'}
          maxLength={max}
          value={draft[key]}
          onChange={(e) => change({ [key]: e.target.value })}
        />
      )}
    </Field>
  );
  const optional = (label: string) => `${label} (${t('common.optional')})`;
  return (
    <>
      {line('name', t('common.name'), 120)}
      <Field
        label={optional(t('threads.description'))}
        hint={t('threads.descriptionHint')}
        error={fieldError(error, '/description')}
      >
        {(ids) => (
          <textarea
            {...ids}
            maxLength={4000}
            value={draft.description}
            onChange={(e) => change({ description: e.target.value })}
          />
        )}
      </Field>
      {line('stage', optional(t('threads.stage')), 60, t('threads.stageHint'))}
      {line('tags', optional(t('knowledge.tags')), 840, t('knowledge.tagsHint'))}
    </>
  );
}

function Goals({ clientId, chosen, onChange }: { clientId: string; chosen: string[]; onChange(ids: string[]): void }) {
  const { t } = useTranslation();
  const path = `/clients/${clientId}/goals`;
  const goals = useQuery({
    queryKey: [path, 'choice'],
    queryFn: () => api.get<{ items: Goal[] }>(path, { limit: 50 }),
  });
  const items = goals.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Checks
      legend={t('threads.goals')}
      choices={items.map(({ id, title }) => ({ id, name: title }))}
      chosen={chosen}
      onChange={onChange}
    />
  );
}
