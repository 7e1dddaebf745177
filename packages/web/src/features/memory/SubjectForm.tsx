import type { Memory } from '@rapport/protocol/memory';
import type { Thread } from '@rapport/protocol/threads';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Picker } from '../../lib/Picker.tsx';
import { Failure, fieldError } from '../../lib/ui.tsx';

interface Props {
  path: string;
  memory: Memory;
  clientId: string;
  onDone(): void;
}

/** Whether what is proposed is about the client, or about one of their threads alone. */
export function SubjectForm({ path, memory, clientId, onDone }: Props) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [threadId, setThreadId] = useState(memory.subject.kind === 'thread' ? memory.subject.id : null);
  const save = useMutation({
    mutationFn: () => api.patch<Memory>(`/memories/${memory.id}`, { threadId }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [path] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p className="soft">{t('memory.aboutHint')}</p>
      <Picker<Thread>
        label={t('memory.aboutField')}
        path="/threads"
        query={{ clientId }}
        nameOf={(thread) => thread.name}
        detailOf={(thread) => thread.stage}
        value={threadId}
        onPick={setThreadId}
        none={t('memory.aboutClient')}
        error={fieldError(save.error, '/threadId')}
      />
      <Failure error={save.error} marked />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
    </form>
  );
}
