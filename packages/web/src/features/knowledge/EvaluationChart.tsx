import type { EvaluationRun } from '@rapport/protocol/evaluations';
import { useTranslation } from 'react-i18next';
import { percent } from './evaluations.ts';

const [width, height, gap] = [240, 48, 4];

/** A line over the runs, oldest first. */
export function EvaluationChart({ runs }: { runs: EvaluationRun[] }) {
  const { t } = useTranslation();
  const shares = runs.flatMap(({ recall }) => (recall === null ? [] : [recall])).reverse();
  if (shares.length < 2) return null;
  const points = shares.map((share, i) => {
    const x = gap + (i * (width - 2 * gap)) / (shares.length - 1);
    return [x, gap + (1 - share) * (height - 2 * gap)] as const;
  });
  const values = shares.map(percent).join(', ');
  return (
    <svg
      className="chart"
      role="img"
      aria-label={t('evaluations.chart', { count: shares.length, values })}
      viewBox={`0 0 ${width} ${height}`}
    >
      <polyline points={points.map((point) => point.join(',')).join(' ')} />
      {points.map(([x, y], i) => (
        <circle key={i} cx={x} cy={y} r={2} />
      ))}
    </svg>
  );
}
