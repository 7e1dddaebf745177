import type { EvaluationRunDetail } from '@rapport/protocol/evaluations';
import { useTranslation } from 'react-i18next';
import { Changed } from './EvaluationState.tsx';

/** A run question by question, against the run before or the version before. */
export function Results({ run, unchanged }: { run: EvaluationRunDetail; unchanged: string }) {
  const { t } = useTranslation();
  const { gained, lost, results } = run;
  const place = (rank: number | null | undefined) => (rank === undefined ? '–' : (rank ?? t('evaluations.notFound')));
  return (
    <>
      <p className="row">
        <Changed run={run} />
        {gained + lost === 0 && <span className="soft small">{unchanged}</span>}
      </p>
      <details open={lost > 0}>
        <summary>{t('evaluations.results')}</summary>
        <div className="scroll" tabIndex={0} role="group" aria-label={t('evaluations.results')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('evaluations.questions')}</th>
                <th scope="col">{t('evaluations.rank')}</th>
                <th scope="col">{t('evaluations.before')}</th>
                <th scope="col">{t('evaluations.changed')}</th>
              </tr>
            </thead>
            <tbody>
              {results.map((one, at) => (
                <tr key={at}>
                  <th scope="row" dir="auto">
                    {one.question}
                  </th>
                  <td>{place(one.rank)}</td>
                  <td>{place(one.before)}</td>
                  <td>
                    <span className={one.change === 'lost' ? 'badge warn' : 'badge'}>
                      {t(`evaluations.changes.${one.change}`)}
                    </span>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
