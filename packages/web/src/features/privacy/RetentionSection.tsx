import type { RetentionPreview, RetentionRule, RetentionRun } from '@rapport/protocol/retention';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { More } from '../../lib/Page.tsx';
import { Failure, Field, formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';

const key = ['/privacy/retention'];

/** For how long what is kept: looked at first, then switched on. */
export function RetentionSection() {
  const { t } = useTranslation();
  const rules = useQuery({ queryKey: key, queryFn: () => api.get<{ items: RetentionRule[] }>('/privacy/retention') });
  const runs = usePages<RetentionRun>('/privacy/retention/runs');
  return (
    <section className="stack" aria-labelledby="retention-title">
      <h2 id="retention-title">{t('retention.title')}</h2>
      <p className="soft">{t('retention.hint')}</p>
      {rules.data?.items.map((rule) => (
        <Rule key={rule.category} rule={rule} />
      ))}
      <Failure error={rules.error ?? runs.error} />
      <h3>{t('retention.runs')}</h3>
      {runs.items.length === 0 && <p className="soft">{t('retention.noRuns')}</p>}
      <ul className="list">
        {runs.items.map((run) => (
          <li key={run.id} className="small">
            {formatDate(run.startedAt)} · {t(`retention.category.${run.category}`)} ·{' '}
            {t('retention.deleted', { count: run.deleted })}
            {run.held > 0 && ` · ${t('retention.held', { count: run.held })}`}
            {run.failure && ` · ${run.failure}`}
          </li>
        ))}
      </ul>
      <More list={runs} />
    </section>
  );
}

function Rule({ rule }: { rule: RetentionRule }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [days, setDays] = useState(String(rule.days ?? ''));
  const path = `/privacy/retention/${rule.category}`;
  const look = useMutation({ mutationFn: () => api.get<RetentionPreview>(`${path}/preview`, { days }) });
  const put = useMutation({
    mutationFn: (body: { days: number | null; expected?: number }) => api.put<{ items: RetentionRule[] }>(path, body),
    onSuccess: async (next) => {
      look.reset();
      queries.setQueryData(key, next);
      await queries.invalidateQueries({ queryKey: ['/privacy/retention/runs'] });
    },
  });
  const preview = look.data;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    look.mutate();
  };
  const name = t(`retention.category.${rule.category}`);
  return (
    <form className="card stack" onSubmit={submit}>
      <h3>{name}</h3>
      <p className="soft small">{t(`retention.about.${rule.category}`)}</p>
      <Field label={`${t('retention.days')}: ${name}`} hint={rule.days === null ? t('retention.forever') : undefined}>
        {(ids) => (
          <input
            {...ids}
            type="number"
            min={1}
            max={36500}
            required
            value={days}
            onChange={(e) => {
              setDays(e.target.value);
              look.reset();
            }}
          />
        )}
      </Field>
      <div className="row">
        <button disabled={look.isPending} aria-label={`${t('retention.preview')}: ${name}`}>
          {t('retention.preview')}
        </button>
        {rule.days !== null && (
          <button
            type="button"
            aria-label={`${t('retention.off')}: ${name}`}
            onClick={() => put.mutate({ days: null })}
          >
            {t('retention.off')}
          </button>
        )}
      </div>
      <div role="status">
        {preview && (
          <>
            <p className={preview.count > 0 ? 'note warn' : 'note'}>
              {t('retention.would', { count: preview.count })}
              {preview.oldest && ` ${t('retention.oldest', { date: formatDate(preview.oldest) })}`}
              {preview.held > 0 && ` ${t('retention.held', { count: preview.held })}`}
            </p>
            <button
              type="button"
              className="danger"
              disabled={put.isPending}
              onClick={() => put.mutate({ days: preview.days, expected: preview.count })}
            >
              {t('retention.on', { count: preview.days })}
            </button>
          </>
        )}
        {put.isSuccess && <p>{t('common.saved')}</p>}
      </div>
      <Failure error={look.error ?? put.error} />
    </form>
  );
}
