import type { SessionInsight } from '@rapport/protocol/insights';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Legend } from './Bars.tsx';
import { DataTable } from './DataTable.tsx';
import './insights.css';
import { Section } from './Section.tsx';
import { sides as names } from './WordsChart.tsx';

const counted = ['messages', 'turns', 'words', 'questions', 'openings'] as const;

const shown = ['words', 'turns', 'questions', 'openings'] as const;

/** Who says how much, who asks and who begins: a bar for each, in the shares of the three, and the figures behind it. */
export function Sides({ sides, children }: Pick<SessionInsight, 'sides'> & { children?: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Section title={t('insight.sides')} hint={t('insight.openingsHint')}>
      <Legend kinds={names.map((side) => ({ kind: side, name: t(`insight.${side}`) }))} />
      <dl className="shares">
        {shown.map((what) => (
          <Shares key={what} what={t(`insight.${what}`)} values={names.map((side) => sides[side][what])} />
        ))}
      </dl>
      <DataTable
        name={t('insight.sides')}
        columns={['', ...counted.map((what) => t(`insight.${what}`))]}
        rows={names.map((side) => ({
          key: side,
          head: t(`insight.${side}`),
          cells: counted.map((what) => sides[side][what]),
        }))}
      />
      {children}
    </Section>
  );
}

/** How a number falls to client, persona and team; nothing where there is none. */
function Shares({ what, values }: { what: string; values: number[] }) {
  const { t } = useTranslation();
  const whole = values.reduce((sum, value) => sum + value, 0);
  if (whole === 0) return null;
  let before = 0;
  return (
    <div>
      <dt className="small">{what}</dt>
      <dd>
        <svg
          className="bars share"
          role="img"
          aria-label={t('insight.shares', { what, client: values[0], persona: values[1], team: values[2] })}
          viewBox="0 0 100 4"
          preserveAspectRatio="none"
        >
          {names.map((side, at) => {
            const width = ((values[at] ?? 0) / whole) * 100;
            const x = before;
            before += width;
            return <rect key={side} className={side} x={x} width={width} height={4} />;
          })}
        </svg>
      </dd>
    </div>
  );
}
