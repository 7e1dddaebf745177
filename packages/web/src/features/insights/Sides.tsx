import type { SessionInsight } from '@rapport/protocol/insights';
import { useTranslation } from 'react-i18next';
import { DataTable } from './DataTable.tsx';
import { sides as names } from './WordsChart.tsx';

const counted = ['messages', 'turns', 'words', 'questions', 'openings'] as const;

/** Who says how much, and who begins. */
export function Sides({ sides }: Pick<SessionInsight, 'sides'>) {
  const { t } = useTranslation();
  return (
    <DataTable
      name={t('insight.sides')}
      columns={['', ...counted.map((what) => t(`insight.${what}`))]}
      rows={names.map((side) => ({
        key: side,
        head: t(`insight.${side}`),
        cells: counted.map((what) => sides[side][what]),
      }))}
    />
  );
}
