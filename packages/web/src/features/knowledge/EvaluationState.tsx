import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isolated } from '../../lib/ui.tsx';
import { percent, useEvaluations, useRun } from './evaluations.ts';
import type { Evaluation, EvaluationRunDetail } from '@rapport/protocol/evaluations';

/** What the saved questions find at present, for who is about to publish a persona that answers from the base. */
export function EvaluationState({ baseId }: { baseId: string }) {
  const evaluations = useEvaluations(baseId);
  return evaluations.data?.items.map((one) => <One key={one.id} baseId={baseId} evaluation={one} />);
}

function One({ baseId, evaluation }: { baseId: string; evaluation: Evaluation }) {
  const { t } = useTranslation();
  const { lastRun, name } = evaluation;
  const run = useRun(baseId, evaluation.id, lastRun);
  if (!lastRun || lastRun.recall === null) return null;
  return (
    <>
      <br />
      <Link to="/knowledge/$id/evaluations" params={{ id: baseId }}>
        {t('evaluations.brief', { name: isolated(name), recall: percent(lastRun.recall) })}
      </Link>{' '}
      {run.data && <Changed run={run.data} />}
    </>
  );
}

/** Against the run before. */
export function Changed({ run: { gained, lost } }: { run: EvaluationRunDetail }) {
  const { t } = useTranslation();
  return (
    <>
      {gained > 0 && <span className="badge on">{t('evaluations.gained', { count: gained })}</span>}{' '}
      {lost > 0 && <span className="badge warn">{t('evaluations.lost', { count: lost })}</span>}
    </>
  );
}
