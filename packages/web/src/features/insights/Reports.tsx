import type { AboutOne, Report, ReportList } from '@rapport/protocol/reports';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { usePages } from '../../lib/usePages.ts';
import { Failure, formatDate, isolated } from '../../lib/ui.tsx';

interface Props {
  subject: AboutOne;
  /** A model guessed the tone, which a person may want in a report. */
  guessed?: boolean;
}

/** The reports on a session, a client or a thread, and how one is begun. */
export function Reports({ subject, guessed = false }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const list = usePages<ReportList['items'][number]>('/reports', subject);
  return (
    <section className="stack">
      <h2>{t('report.title')}</h2>
      <Failure error={list.error} />
      {list.isSuccess && list.items.length === 0 && <p>{t('report.none')}</p>}
      <ul className="list">
        {list.items.map((one) => (
          <li key={one.id} className="row">
            <Link className="grow" to="/reports/$id" params={{ id: one.id }}>
              {one.title}
            </Link>
            <span className={`badge ${one.status === 'draft' ? 'warn' : ''}`}>{t(`report.${one.status}`)}</span>
            <span className="soft small">
              {t('report.by', {
                name: isolated((one.approvedBy ?? one.createdBy).name),
                date: formatDate(one.approvedAt ?? one.updatedAt),
              })}
            </span>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <div className="row">
          <button type="button" onClick={() => void list.fetchNextPage()}>
            {t('common.more')}
          </button>
        </div>
      )}
      {may('sessions.supervise') && <Begin subject={subject} guessed={guessed} />}
    </section>
  );
}

function Begin({ subject, guessed }: Required<Props>) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [tone, setTone] = useState(false);
  const begin = useMutation({
    mutationFn: (summarise: boolean) => api.post<Report>('/reports', { ...subject, summarise, tone: tone && guessed }),
    onSuccess: async ({ id }) => {
      void queries.invalidateQueries({ queryKey: ['/reports'] });
      await navigate({ to: '/reports/$id', params: { id } });
    },
  });
  const press = (summarise: boolean) => () => begin.isPending || begin.mutate(summarise);
  return (
    <>
      {guessed && (
        <label className="check">
          <input type="checkbox" checked={tone} onChange={(e) => setTone(e.target.checked)} />
          {t('tone.inReport')}
        </label>
      )}
      <div className="row">
        <button type="button" aria-disabled={begin.isPending} onClick={press(false)}>
          {t('report.begin')}
        </button>
        <button type="button" aria-disabled={begin.isPending} onClick={press(true)}>
          {t('report.beginAi')}
        </button>
      </div>
      {begin.isPending && <p role="status">{t('report.beginning')}</p>}
      <Failure error={begin.error} />
    </>
  );
}
