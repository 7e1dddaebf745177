import type { Escalation } from '@rapport/protocol/safety';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Empty, List, Page } from '../../lib/Page.tsx';
import { restMs } from './useOpenReviews.ts';
import { Dialog, Failure, Field, formatDate } from '../../lib/ui.tsx';

const rank = { open: 0, acknowledged: 1, resolved: 2 } as const;

export function EscalationsPage() {
  const { t } = useTranslation();
  const list = useQuery({
    queryKey: ['/escalations', 'list'],
    queryFn: () => api.get<{ items: Escalation[] }>('/escalations', { limit: 100 }),
    refetchInterval: restMs,
  });
  const items = (list.data?.items ?? []).toSorted((a, b) => rank[a.status] - rank[b.status]);
  return (
    <Page
      title={t('escalations.title')}
      hint={t('escalations.intro')}
      actions={
        <Link to="/safety" className="button">
          {t('escalations.settings')}
        </Link>
      }
    >
      <List list={{ ...list, items }} empty={<Empty title={t('escalations.empty')} />}>
        {(escalation) => <Row escalation={escalation} />}
      </List>
    </Page>
  );
}

/** When it was raised, who was told, and who took care of it. */
function History({ escalation }: { escalation: Escalation }) {
  const { t } = useTranslation();
  const { acknowledgedBy, acknowledgedAt, resolvedBy, resolvedAt } = escalation;
  const parts = [
    t('escalations.due', { raised: formatDate(escalation.raisedAt), due: formatDate(escalation.dueAt) }),
    escalation.pages > 0 && t('escalations.pages', { count: escalation.pages }),
    escalation.fallbackAt && t('escalations.fallback'),
    acknowledgedAt && t('escalations.by', { name: acknowledgedBy, at: formatDate(acknowledgedAt) }),
    resolvedAt && t('escalations.resolvedBy', { name: resolvedBy, at: formatDate(resolvedAt) }),
  ];
  return <span className="soft small">{parts.filter(Boolean).join(' · ')}</span>;
}

const titleOf = ({ sessionTitle, client }: Escalation): string => sessionTitle ?? client?.name ?? '';

/** The session, or the client who has none. */
function Whereabouts({ escalation }: { escalation: Escalation }) {
  const { sessionId, client } = escalation;
  return (
    <Link to={sessionId === null ? '/clients/$id' : '/sessions/$id'} params={{ id: sessionId ?? client?.id ?? '' }}>
      <bdi>{titleOf(escalation)}</bdi>
    </Link>
  );
}

function Row({ escalation }: { escalation: Escalation }) {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const [resolving, setResolving] = useState(false);
  const { id, status, category, level } = escalation;
  const acknowledge = useMutation({
    mutationFn: () => api.post(`/escalations/${id}/acknowledge`),
    onSettled: () => queries.invalidateQueries({ queryKey: ['/escalations'] }),
  });
  const label = (act: string) => t('escalations.of', { act, session: titleOf(escalation) });
  return (
    <>
      <div className="grow">
        <strong>
          <Whereabouts escalation={escalation} />
        </strong>{' '}
        <span className={`badge ${status === 'open' ? 'warn' : ''}`}>{t(`escalations.status.${status}`)}</span>{' '}
        {escalation.rehearsal && <span className="badge">{t('escalations.rehearsal')}</span>}{' '}
        {escalation.overdue && <span className="badge warn">{t('escalations.overdue')}</span>}
        <br />
        {t(escalation.sessionId === null ? 'escalations.entered' : `escalations.kind.${escalation.kind}`)}
        {category && level && ` · ${t(`risk.${category}`)}, ${t(`risk.${level}`)}`}
        {escalation.evidence && (
          <>
            {': '}
            <mark dir="auto">{escalation.evidence}</mark>
          </>
        )}
        {escalation.note && (
          <>
            <br />
            <bdi>{escalation.note}</bdi>
          </>
        )}
        <br />
        <History escalation={escalation} />
        <Failure error={acknowledge.error} />
      </div>
      {may('sessions.supervise') && status === 'open' && (
        <button
          type="button"
          className="primary"
          disabled={acknowledge.isPending}
          aria-label={label(t('escalations.acknowledge'))}
          onClick={() => acknowledge.mutate()}
        >
          {t('escalations.acknowledge')}
        </button>
      )}
      {may('sessions.supervise') && status === 'acknowledged' && (
        <button type="button" aria-label={label(t('escalations.resolve'))} onClick={() => setResolving(true)}>
          {t('escalations.resolve')}
        </button>
      )}
      <Dialog open={resolving} title={t('escalations.resolve')} onClose={() => setResolving(false)}>
        <ResolveForm id={id} onDone={() => setResolving(false)} />
      </Dialog>
    </>
  );
}

function ResolveForm({ id, onDone }: { id: string; onDone(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [note, setNote] = useState('');
  const resolve = useMutation({
    mutationFn: () => api.post(`/escalations/${id}/resolve`, { note }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ['/escalations'] });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    resolve.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <Field label={t('escalations.note')}>
        {(ids) => <textarea {...ids} maxLength={2000} value={note} onChange={(e) => setNote(e.target.value)} />}
      </Field>
      <Failure error={resolve.error} />
      <button className="primary" disabled={resolve.isPending}>
        {t('escalations.resolve')}
      </button>
    </form>
  );
}
