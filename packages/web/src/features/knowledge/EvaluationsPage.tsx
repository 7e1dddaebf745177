import type { Evaluation } from '@rapport/protocol/evaluations';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Confirm } from '../../lib/Confirm.tsx';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, formatDate, isMissing, isolated, Loading } from '../../lib/ui.tsx';
import { useBase, useBaseRoom } from './base.ts';
import { EvaluationChart } from './EvaluationChart.tsx';
import { EvaluationForm } from './EvaluationForm.tsx';
import { Results } from './EvaluationResults.tsx';
import { evaluationsKey, evaluationsPath, percent, useEvaluations, useRun, useRuns } from './evaluations.ts';

/** What saved questions find in a base, and what has changed of it. */
export function EvaluationsPage() {
  const { id } = useParams({ strict: false }) as { id: string };
  const { t } = useTranslation();
  const base = useBase(id);
  if (!isId(id) || isMissing(base.error)) return <NotFound />;
  if (base.isPending) return <Loading />;
  return (
    <Page title={t('evaluations.title')} hint={t('evaluations.hint')}>
      <Failure error={base.error} />
      <p>
        <Link to="/knowledge/$id" params={{ id }}>
          <bdi>{base.data?.name}</bdi>
        </Link>
      </p>
      <Evaluations baseId={id} />
    </Page>
  );
}

function Evaluations({ baseId }: { baseId: string }) {
  const { t } = useTranslation();
  const mayManage = useMay()('knowledge.manage');
  const base = useBase(baseId);
  useBaseRoom(base.data);
  const evaluations = useEvaluations(baseId);
  /** null: a new one. */
  const [editing, setEditing] = useState<Evaluation | null | undefined>();
  return (
    <>
      {mayManage && (
        <p>
          <button type="button" className="primary" onClick={() => setEditing(null)}>
            {t('evaluations.new')}
          </button>
        </p>
      )}
      <Failure error={evaluations.error} />
      {evaluations.isPending && <Loading />}
      {evaluations.data?.items.length === 0 && <p className="soft">{t('evaluations.empty')}</p>}
      <ul className="list">
        {evaluations.data?.items.map((one) => (
          <li key={one.id} className="card">
            <One baseId={baseId} evaluation={one} onEdit={mayManage ? () => setEditing(one) : undefined} />
          </li>
        ))}
      </ul>
      <Dialog
        open={editing !== undefined}
        title={editing?.name ?? t('evaluations.new')}
        onClose={() => setEditing(undefined)}
      >
        <EvaluationForm
          baseId={baseId}
          {...(editing ? { evaluation: editing } : {})}
          onDone={() => setEditing(undefined)}
        />
      </Dialog>
    </>
  );
}

interface OneProps {
  baseId: string;
  evaluation: Evaluation;
  onEdit: (() => void) | undefined;
}

function One({ baseId, evaluation, onEdit }: OneProps) {
  const { t } = useTranslation();
  const { id, name, lastRun } = evaluation;
  const runs = useRuns(baseId, id);
  const done = runs.data?.items.find(({ state }) => state === 'done');
  const run = useRun(baseId, id, done);
  const waits = lastRun?.state === 'queued' || lastRun?.state === 'running';
  return (
    <>
      <h2 dir="auto">{name}</h2>
      <p role="status" className="soft small">
        {!lastRun && t('evaluations.never')}
        {waits && t('evaluations.waits')}
        {lastRun?.state === 'failed' && t('evaluations.failed')}
      </p>
      {done && done.recall !== null && done.mrr !== null && (
        <p>
          {t('evaluations.figures', { recall: percent(done.recall), mrr: done.mrr.toFixed(2) })}{' '}
          <span className="soft small">
            {t('evaluations.at', {
              date: formatDate(done.finishedAt ?? done.createdAt),
              cause: t(`evaluations.cause.${done.cause}`),
            })}
          </span>
        </p>
      )}
      {runs.data && <EvaluationChart runs={runs.data.items} />}
      <Failure error={runs.error ?? run.error} />
      {run.data && <Results run={run.data} unchanged={t('evaluations.unchanged')} />}
      {onEdit && <Acts baseId={baseId} evaluation={evaluation} waits={waits} onEdit={onEdit} />}
    </>
  );
}

function Acts({ baseId, evaluation, waits, onEdit }: Omit<OneProps, 'onEdit'> & { waits: boolean; onEdit(): void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const path = `${evaluationsPath(baseId)}/${evaluation.id}`;
  const anew = () => queries.invalidateQueries({ queryKey: evaluationsKey(baseId) });
  const run = useMutation({ mutationFn: () => api.post(`${path}/runs`), onSuccess: anew });
  const remove = useMutation({ mutationFn: () => api.delete(path), onSuccess: anew });
  return (
    <>
      <Failure error={run.error ?? remove.error} />
      <div className="row">
        <button type="button" aria-disabled={run.isPending || waits} onClick={() => run.isPending || run.mutate()}>
          {t('evaluations.run')}
        </button>
        <button type="button" onClick={onEdit}>
          {t('evaluations.edit')}
        </button>
        <button type="button" className="danger" onClick={() => setAsking(true)}>
          {t('evaluations.remove')}
        </button>
      </div>
      <Confirm
        open={asking}
        title={t('evaluations.removeTitle', { name: isolated(evaluation.name) })}
        text={t('evaluations.removeText')}
        action={t('evaluations.remove')}
        onConfirm={() => remove.mutate()}
        onClose={() => setAsking(false)}
      />
    </>
  );
}
