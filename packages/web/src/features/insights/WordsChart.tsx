import type { Stretch } from '@rapport/protocol/insights';
import { useTranslation } from 'react-i18next';
import { formatDate } from '../../lib/ui.tsx';

export const sides = ['client', 'persona', 'team'] as const;

const height = 60;
const total = ({ words }: Stretch): number => words.client + words.persona + words.team;

/** A bar for each stretch, of what each side wrote. The same figures stand in the table behind it. */
export function WordsChart({ stretches }: { stretches: Stretch[] }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...stretches.map(total));
  const name = t('insight.chart', { count: stretches.length });
  return (
    <>
      <svg
        className="bars tall"
        role="img"
        aria-label={name}
        viewBox={`0 0 ${stretches.length * 10} ${height}`}
        preserveAspectRatio="none"
      >
        {stretches.map((stretch, at) => {
          let below = 0;
          return sides.map((side) => {
            const tall = (stretch.words[side] / most) * height;
            below += tall;
            return (
              <rect
                key={`${stretch.fromSeq}-${side}`}
                className={side}
                x={at * 10 + 1}
                y={height - below}
                width={8}
                height={tall}
              />
            );
          });
        })}
      </svg>
      <ul className="row plain legend">
        {sides.map((side) => (
          <li key={side} className={`small ${side}`}>
            {t(`insight.${side}`)}
          </li>
        ))}
      </ul>
      <details>
        <summary>{t('insight.table')}</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label={t('insight.table')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('insight.stretch')}</th>
                {sides.map((side) => (
                  <th key={side} scope="col">
                    {t(`insight.${side}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {stretches.map((stretch) => (
                <tr key={stretch.fromSeq}>
                  <td>{formatDate(stretch.from)}</td>
                  {sides.map((side) => (
                    <td key={side}>{stretch.words[side]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
