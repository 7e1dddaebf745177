import type { Stretch } from '@rapport/protocol/insights';
import { useTranslation } from 'react-i18next';
import { formatDate } from '../../lib/ui.tsx';
import { Bars, Legend } from './Bars.tsx';
import { DataTable } from './DataTable.tsx';

export const sides = ['client', 'persona', 'team'] as const;

/** A bar for each stretch, of what each side wrote. The same figures stand in the table behind it. */
export function WordsChart({ stretches }: { stretches: Stretch[] }) {
  const { t } = useTranslation();
  return (
    <>
      <Bars
        tall
        label={t('insight.chart', { count: stretches.length })}
        bars={stretches.map(({ fromSeq, words }) => ({
          key: fromSeq,
          parts: sides.map((side) => ({ kind: side, value: words[side] })),
        }))}
      />
      <Legend kinds={sides.map((side) => ({ kind: side, name: t(`insight.${side}`) }))} />
      <details>
        <summary>{t('insight.table')}</summary>
        <DataTable
          name={t('insight.table')}
          columns={[t('insight.stretch'), ...sides.map((side) => t(`insight.${side}`))]}
          rows={stretches.map(({ fromSeq, from, words }) => ({
            key: fromSeq,
            head: formatDate(from),
            cells: sides.map((side) => words[side]),
          }))}
        />
      </details>
    </>
  );
}
