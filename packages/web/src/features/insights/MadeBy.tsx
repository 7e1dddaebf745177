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
  const may = useMay();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.delete(`/insights/${id}`),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['insight'] }),
  });
  const model = isolated([engine.label, engine.model].filter(Boolean).join(' '));
  return (
    <>
      <div className="row">
        <span className="badge warn">{t('report.kind.ai')}</span>
        <span className="soft small grow">
          {t('insight.madeBy', { model, date: formatDate(askedAt), name: isolated(askedBy.name) })}
        </span>
        {may('sessions.supervise') && (
          <button type="button" className="quiet" disabled={remove.isPending} onClick={() => remove.mutate()}>
            {t('common.remove')}
          </button>
        )}
      </div>
      {made.leftOut > 0 && <p className="note">{leftOut}</p>}
      <Failure error={remove.error} />
    </>
  );
}
