import type { Session } from '@rapport/protocol/sessions';
import type { Thread } from '@rapport/protocol/threads';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Picker } from '../../lib/Picker.tsx';
import { Failure } from '../../lib/ui.tsx';

/** Which thread of its client a session continues; it may be said at any time. */
export function SessionThread({ session }: { session: Session }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const put = useMutation({
    mutationFn: (threadId: string | null) => api.put(`/sessions/${session.id}/thread`, { threadId }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['session', session.id] });
      await queries.invalidateQueries({ queryKey: ['/sessions'] });
    },
  });
  if (!session.client) return null;
  return (
    <section className="stack" aria-label={t('threads.one')}>
      <Picker<Thread>
        label={t('threads.one')}
        path="/threads"
        query={{ clientId: session.client.id }}
        nameOf={(thread) => thread.name}
        detailOf={(thread) => thread.stage}
        value={put.isPending ? (put.variables ?? null) : session.threadId}
        onPick={(threadId) => put.mutate(threadId)}
        none={t('threads.noThread')}
      />
      <Failure error={put.error} />
      {session.threadId && (
        <p>
          <Link to="/threads/$id" params={{ id: session.threadId }}>
            {t('threads.open')}
          </Link>
        </p>
      )}
    </section>
  );
}
