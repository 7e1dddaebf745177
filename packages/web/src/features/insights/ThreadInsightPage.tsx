import type { ThreadInsight } from '@rapport/protocol/insights';
import type { Thread } from '@rapport/protocol/threads';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, isolated, Loading } from '../../lib/ui.tsx';
import { OfThread } from '../clients/OfThread.tsx';
import { OverSessions } from './OverSessions.tsx';

export function ThreadInsightPage() {
  return <OfThread>{(thread) => <OfSessions key={thread.id} thread={thread} />}</OfThread>;
}

/** What the sessions of a thread show, one after the other and together. */
function OfSessions({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const insight = useQuery({
    queryKey: ['insight', 'thread', thread.id],
    queryFn: () => api.get<ThreadInsight>(`/threads/${thread.id}/insights`),
  });
  const { data } = insight;
  return (
    <Page
      title={t('insight.ofThread', { name: isolated(thread.name) })}
      hint={t('insight.threadHint')}
      actions={
        <Link className="button" to="/threads/$id" params={{ id: thread.id }}>
          {t('insight.toThread')}
        </Link>
      }
    >
      <Failure error={insight.error} />
      {insight.isPending && <Loading />}
      {data && <OverSessions insight={data} subject={{ threadId: thread.id }} />}
    </Page>
  );
}
