import type { AiSummary } from '@rapport/protocol/aiInsights';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure, formatDate, isolated } from '../../lib/ui.tsx';

type Made = Pick<AiSummary, 'id' | 'engine' | 'askedBy' | 'askedAt' | 'leftOut'>;

/** That a model said it, which and when, and who asked; a person may remove it. `leftOut` says what of it was not kept. */
export function MadeBy({ made, leftOut }: { made: Made; leftOut: string }) {
  const { t } = useTranslation();
  const { id, engine, askedBy, askedAt } = made;
  const model = isolated([engine.label, engine.model].filter(Boolean).join(' '));
  return (
    <>
      <div className="row">
        <span className="badge warn">{t('report.kind.ai')}</span>
        <span className="soft small grow">
          {t('insight.madeBy', { model, date: formatDate(askedAt), name: isolated(askedBy.name) })}
        </span>
        <RemoveMade id={id} />
      </div>
      {made.leftOut > 0 && <p className="note">{leftOut}</p>}
    </>
  );
}

/** Takes away what a model said, also where it is not shown. */
export function RemoveMade({ id }: { id: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.delete(`/insights/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['insight'] }),
  });
  if (!may('sessions.supervise')) return null;
  return (
    <>
      <button type="button" className="quiet" disabled={remove.isPending} onClick={() => remove.mutate()}>
        {t('common.remove')}
      </button>
      <Failure error={remove.error} />
    </>
  );
}
