import type { Thread } from '@rapport/protocol/threads';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, isMissing, Loading } from '../../lib/ui.tsx';

/** A page about the thread of the address: what it shows once that thread is read, or why it cannot. */
export function OfThread({ children }: { children: (thread: Thread) => ReactNode }) {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const thread = useQuery({
    queryKey: ['thread', id],
    queryFn: () => api.get<Thread>(`/threads/${id}`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(thread.error)) return <NotFound />;
  if (!thread.data)
    return (
      <Page title={t('threads.title')} narrow>
        {thread.error ? <Failure error={thread.error} /> : <Loading />}
      </Page>
    );
  return children(thread.data);
}
