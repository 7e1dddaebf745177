import type { Session } from '@rapport/protocol/sessions';
import type { Thread } from '@rapport/protocol/threads';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Picker } from '../../lib/Picker.tsx';
import { Failure } from '../../lib/ui.tsx';

/** Which thread of its client a session continues; it may be said at any time. */
export function SessionThread({ session }: { session: Session }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { threadId, client } = session;
  const [chosen, setChosen] = useState(threadId);
  useEffect(() => setChosen(threadId), [threadId]);
  const save = useMutation({
    mutationFn: () => api.put(`/sessions/${session.id}/thread`, { threadId: chosen }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['session', session.id] });
      await queries.invalidateQueries({ queryKey: ['/sessions'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  if (!client) return null;
  return (
    <form className="stack" onSubmit={submit} aria-label={t('threads.one')}>
      <Picker<Thread>
        label={t('threads.one')}
        path="/threads"
        query={{ clientId: client.id }}
        nameOf={(thread) => thread.name}
        detailOf={(thread) => thread.stage}
        value={chosen}
        onPick={setChosen}
        none={t('threads.noThread')}
      />
      <Failure error={save.error} />
      <div className="row">
        {chosen !== threadId && <button disabled={save.isPending}>{t('common.save')}</button>}
        {threadId && chosen === threadId && (
          <Link to="/threads/$id" params={{ id: threadId }}>
            {t('threads.open')}
          </Link>
        )}
      </div>
    </form>
  );
}
