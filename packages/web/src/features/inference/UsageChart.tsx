import type { UsageDay } from '@rapport/protocol/limits';
import { useTranslation } from 'react-i18next';

const days = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
export const numbers = new Intl.NumberFormat();
export const money = (microUsd: number): string =>
  new Intl.NumberFormat(undefined, { style: 'currency', currency: 'USD', maximumFractionDigits: 4 }).format(
    microUsd / 1e6,
  );

const height = 60;

/** A bar a day. The same figures stand in the table behind it, for whoever does not see bars. */
export function UsageChart({ items }: { items: UsageDay[] }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...items.map((day) => day.tokens));
  const total = items.reduce((sum, day) => sum + day.tokens, 0);
  const name = t('limits.chart', { days: items.length, tokens: numbers.format(total) });
  return (
    <>
      <svg
        className="bars"
        role="img"
        aria-label={name}
        viewBox={`0 0 ${items.length * 10} ${height}`}
        preserveAspectRatio="none"
      >
        {items.map((day, at) => {
          const tall = Math.max(day.tokens > 0 ? 2 : 0.5, (day.tokens / most) * height);
          return <rect key={day.day} x={at * 10 + 1} y={height - tall} width={8} height={tall} />;
        })}
      </svg>
      <p className="soft small">{name}</p>
      <details>
        <summary>{t('limits.table')}</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label={t('limits.table')}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('limits.day')}</th>
                <th scope="col">{t('limits.replies')}</th>
                <th scope="col">{t('limits.tokens')}</th>
                <th scope="col">{t('limits.cost')}</th>
              </tr>
            </thead>
            <tbody>
              {items
                .filter((day) => day.replies > 0)
                .map((day) => (
                  <tr key={day.day}>
                    <td>{days.format(new Date(day.day))}</td>
                    <td>{numbers.format(day.replies)}</td>
                    <td>{numbers.format(day.tokens)}</td>
                    <td>{money(day.costMicroUsd)}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}
