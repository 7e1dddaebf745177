import type { Instrument, Questionnaire } from '@rapport/protocol/questionnaires';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { formatDate } from '../../lib/ui.tsx';

const [width, height, edge] = [400, 120, 8];

type Answered = Questionnaire & { result: NonNullable<Questionnaire['result']>; answeredAt: string };

const isAnswered = (one: Questionnaire): one is Answered => one.result !== null && one.answeredAt !== null;

/** Scores in the order in which they were given, over the bands of the questionnaire; the table beside it says the same. */
export function ScoreChart({ instrument, results }: { instrument: Instrument; results: Questionnaire[] }) {
  const { t } = useTranslation();
  const answered = results.filter(isAnswered).sort((a, b) => a.answeredAt.localeCompare(b.answeredAt));
  const last = answered.at(-1);
  if (!last) return null;
  const most = last.result.most;
  const x = (at: number) => edge + (at * (width - 2 * edge)) / Math.max(1, answered.length - 1);
  const y = (score: number) => height - edge - (score / most) * (height - 2 * edge);
  const points = answered.map(({ result }, at) => [x(at), y(result.score)] as const);
  const latest = t('questionnaires.latest', {
    score: last.result.score,
    most,
    severity: t(`questionnaires.severity.${last.result.severity}`),
  });
  return (
    <div className="stack">
      <h3>{instrument.title}</h3>
      <p>{latest}</p>
      <svg
        className="scores"
        role="img"
        aria-label={t('questionnaires.chart', { title: instrument.title, count: answered.length, latest })}
        viewBox={`0 0 ${width} ${height}`}
      >
        {instrument.bands.slice(1).map(({ from }) => (
          <line key={from} x1="0" x2={width} y1={y(from - 0.5)} y2={y(from - 0.5)} />
        ))}
        <polyline points={points.map((point) => point.join(',')).join(' ')} />
        {points.map(([cx, cy], at) => (
          <circle key={answered[at]?.id} cx={cx} cy={cy} r="4" />
        ))}
      </svg>
      <details>
        <summary>{t('questionnaires.table', { title: instrument.title })}</summary>
        <div
          className="scroll"
          tabIndex={0}
          role="region"
          aria-label={t('questionnaires.table', { title: instrument.title })}
        >
          <table>
            <thead>
              <tr>
                <th scope="col">{t('questionnaires.when')}</th>
                <th scope="col">{t('questionnaires.score')}</th>
                <th scope="col">{t('questionnaires.band')}</th>
                <th scope="col">{t('questionnaires.by')}</th>
                <th scope="col">{t('questionnaires.answers')}</th>
              </tr>
            </thead>
            <tbody>
              {answered.toReversed().map(({ id, answeredAt, filledBy, result, sessionId }) => (
                <tr key={id}>
                  <td>
                    {sessionId ? (
                      <Link to="/sessions/$id" params={{ id: sessionId }}>
                        {formatDate(answeredAt)}
                      </Link>
                    ) : (
                      formatDate(answeredAt)
                    )}
                  </td>
                  <td>
                    {result.score} / {most}
                  </td>
                  <td>{t(`questionnaires.severity.${result.severity}`)}</td>
                  <td>{t(`questionnaires.filledBy.${filledBy ?? 'staff'}`)}</td>
                  <td>
                    {result.answers.join(' ')}
                    {result.risk && <span className="badge bad">{t('questionnaires.risk')}</span>}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </div>
  );
}
