import type { Report } from '@rapport/protocol/reports';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useBlocker, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, Field, formatDate, isMissing, isolated, Loading } from '../../lib/ui.tsx';
import { Sections, type DraftSection } from './Sections.tsx';
import { asAllowed } from './withheld.ts';

/** A report: what the log tells, what people write about it, and who stands for it. */
export function ReportPage() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const report = useQuery({
    queryKey: ['report', id],
    queryFn: () => api.get<Report>(`/reports/${id}`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(report.error)) return <NotFound />;
  if (!report.data)
    return <Page title={t('report.title')}>{report.error ? <Failure error={report.error} /> : <Loading />}</Page>;
  return <Loaded key={report.data.revision} report={report.data} />;
}

function Loaded({ report }: { report: Report }) {
  const { t } = useTranslation();
  const may = useMay();
  const writes = may('sessions.supervise') && report.status === 'draft';
  const { approvedBy, approvedAt } = report;
  return (
    <Page title={report.title} hint={t('report.hint')} actions={<Leads report={report} />}>
      <p>
        {approvedBy && approvedAt
          ? t('report.approvedBy', { name: isolated(approvedBy.name), date: formatDate(approvedAt) })
          : t('report.notApproved')}
      </p>
      {report.leftOut > 0 && <p className="note">{t('report.leftOut', { count: report.leftOut })}</p>}
      {writes ? <Editor report={report} /> : <Sections sections={report.sections} report={report} />}
    </Page>
  );
}

function Leads({ report }: { report: Report }) {
  const { t } = useTranslation();
  const about = aboutOf(report);
  const may = useMay();
  return (
    <>
      {may('sessions.export') &&
        (['pdf', 'markdown'] as const).map((format) => (
          <a key={format} className="button" download href={`/api/v1/reports/${report.id}/export?format=${format}`}>
            {t(`report.${format}`)}
          </a>
        ))}
      <Link className="button" to={about.to} params={{ id: about.id }}>
        {t(about.name)}
      </Link>
    </>
  );
}

/** Where what it is about has its page. */
const aboutOf = ({ sessionId, clientId, threadId }: Report) => {
  if (sessionId) return { to: '/sessions/$id/insights', id: sessionId, name: 'report.toSession' } as const;
  return threadId
    ? ({ to: '/threads/$id/insights', id: threadId, name: 'insight.toThread' } as const)
    : ({ to: '/clients/$id', id: clientId ?? '', name: 'report.toClient' } as const);
};

function Editor({ report }: { report: Report }) {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [title, setTitle] = useState(report.title);
  const [changed, setChanged] = useState<DraftSection[] | null>(null);
  const sections = asAllowed(changed ?? report.sections, report.sections);
  const [asking, setAsking] = useState<'approve' | 'delete' | null>(null);
  const keep = (next: Report) => {
    queries.setQueryData(['report', report.id], next);
    void queries.invalidateQueries({ queryKey: ['/reports'] });
  };
  const path = `/reports/${report.id}`;
  const { revision } = report;
  const save = useMutation({
    mutationFn: () =>
      api.put<Report>(path, {
        revision,
        title,
        sections: sections.map(({ id, heading, text }) => ({ ...(id ? { id } : {}), heading, text })),
      }),
    onSuccess: keep,
  });
  const approve = useMutation({ mutationFn: () => api.post<Report>(`${path}/approve`, { revision }), onSuccess: keep });
  const remove = useMutation({
    mutationFn: () => api.delete(path),
    onSuccess: async () => {
      const { to, id } = aboutOf(report);
      await navigate({ to, params: { id } });
      queries.removeQueries({ queryKey: ['report', report.id] });
    },
  });
  const dirty = title !== report.title || changed !== null;
  useBlocker({
    shouldBlockFn: () => dirty && !window.confirm(t('personas.leave')),
    enableBeforeUnload: dirty,
    disabled: !dirty,
  });
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Field label={t('report.name')}>
        {(ids) => <input {...ids} required maxLength={200} value={title} onChange={(e) => setTitle(e.target.value)} />}
      </Field>
      <Sections sections={sections} report={report} onChange={setChanged} />
      <Failure error={save.error ?? approve.error ?? remove.error} />
      <div className="row">
        <button className="primary" disabled={!dirty || save.isPending}>
          {t('common.save')}
        </button>
        {may('sessions.review') && (
          <button type="button" disabled={dirty || approve.isPending} onClick={() => setAsking('approve')}>
            {t('report.approve')}
          </button>
        )}
        {dirty && may('sessions.review') && <span className="soft small">{t('report.saveFirst')}</span>}
        <span className="grow" />
        <button type="button" className="danger" onClick={() => setAsking('delete')}>
          {t('common.delete')}
        </button>
      </div>
      <Confirm
        open={asking !== null}
        title={t(asking === 'delete' ? 'report.deleteTitle' : 'report.approveTitle')}
        text={t(asking === 'delete' ? 'report.deleteText' : 'report.approveText')}
        action={t(asking === 'delete' ? 'common.delete' : 'report.approve')}
        onConfirm={() => (asking === 'delete' ? remove : approve).mutate()}
        onClose={() => setAsking(null)}
      />
    </form>
  );
}
