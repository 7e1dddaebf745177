import type { Goal } from '@rapport/protocol/goals';
import type { Thread } from '@rapport/protocol/threads';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { useMay } from '../../lib/me.ts';
import { Page } from '../../lib/Page.tsx';
import { Dialog, Failure, formatDate } from '../../lib/ui.tsx';
import { SessionsSection } from '../sessions/SessionsSection.tsx';
import { OfThread } from './OfThread.tsx';
import { Tags } from './Tags.tsx';
import { pathOf, useThreadFolders } from './threadFolders.ts';
import { ThreadForm } from './ThreadForm.tsx';
import { ThreadState } from './ThreadList.tsx';
import { ThreadMemories } from './ThreadMemories.tsx';

export function ThreadPage() {
  return <OfThread>{(thread) => <Loaded key={thread.id} thread={thread} />}</OfThread>;
}

function Loaded({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const may = useMay();
  const part = (children: ReactNode) => <div className="card">{children}</div>;
  return (
    <Page title={thread.name} narrow actions={may('clients.manage') && <Acts thread={thread} />}>
      {part(<About thread={thread} />)}
      {may('sessions.read') && part(<Sessions thread={thread} />)}
      {may('sessions.follow') &&
        part(
          <p>
            <Link to="/threads/$id/insights" params={{ id: thread.id }}>
              {t('threads.insights')}
            </Link>
          </p>,
        )}
      {may('memory.read') && part(<ThreadMemories thread={thread} />)}
      <p>
        <Link to="/threads">{t('threads.all')}</Link>
      </p>
    </Page>
  );
}

function Acts({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState<'change' | 'delete' | null>(null);
  const close = () => setOpen(null);
  const remove = useMutation({
    mutationFn: () => api.delete(`/threads/${thread.id}`),
    onSuccess: async () => {
      await navigate({ to: '/clients/$id', params: { id: thread.client.id } });
      queries.removeQueries({ queryKey: ['thread', thread.id] });
      await queries.invalidateQueries({ queryKey: ['/threads'] });
    },
  });
  return (
    <>
      <button type="button" onClick={() => setOpen('change')}>
        {t('threads.change')}
      </button>
      <button type="button" className="danger" onClick={() => setOpen('delete')}>
        {t('common.delete')}
      </button>
      <Failure error={remove.error} />
      <Dialog open={open === 'change'} title={t('threads.change')} onClose={close}>
        <ThreadForm clientId={thread.client.id} thread={thread} onSaved={close} />
      </Dialog>
      <Confirm
        open={open === 'delete'}
        title={t('threads.deleteTitle')}
        text={t('threads.deleteText')}
        action={t('common.delete')}
        onConfirm={() => remove.mutate()}
        onClose={close}
      />
    </>
  );
}

function About({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const { tree } = useThreadFolders();
  const path = pathOf(tree, thread.folderId);
  const facts: [label: string, value: ReactNode][] = [
    [
      t('threads.client'),
      <Link key="client" to="/clients/$id" params={{ id: thread.client.id }}>
        <bdi>{thread.client.name}</bdi>
      </Link>,
    ],
    [t('threads.status'), <ThreadState key="status" status={thread.status} />],
    [t('threads.stage'), thread.stage],
    [t('threads.folder'), path.map(({ name }) => name).join(' / ')],
    [t('threads.description'), thread.description],
    [t('threads.changed'), formatDate(thread.updatedAt)],
  ];
  return (
    <section className="stack" aria-labelledby="about">
      <h2 id="about">{t('threads.about')}</h2>
      <Tags tags={thread.tags} />
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd dir="auto" className="prewrap">
                {value}
              </dd>
            </div>
          ))}
      </dl>
      {thread.goalIds.length > 0 && <Goals thread={thread} />}
    </section>
  );
}

function Goals({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const path = `/clients/${thread.client.id}/goals`;
  const goals = useQuery({
    queryKey: [path, 'choice'],
    queryFn: () => api.get<{ items: Goal[] }>(path, { limit: 50 }),
  });
  const served = (goals.data?.items ?? []).filter(({ id }) => thread.goalIds.includes(id));
  if (served.length === 0) return null;
  return (
    <>
      <h3>{t('threads.goals')}</h3>
      <ul>
        {served.map((goal) => (
          <li key={goal.id}>
            <bdi>{goal.title}</bdi> <span className="badge">{t(`goals.state.${goal.state}`)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function Sessions({ thread }: { thread: Thread }) {
  const { t } = useTranslation();
  const may = useMay();
  const starts = may('sessions.supervise') && may('personas.read');
  const action = starts && (
    <Link className="button" to="/sessions/new" search={{ client: thread.client.id, thread: thread.id } as never}>
      {t('threads.continue')}
    </Link>
  );
  return <SessionsSection of={{ threadId: thread.id }} none={t('threads.noSessions')} action={action} />;
}
