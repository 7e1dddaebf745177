import type { PersonaFigures, SupervisionFigures } from '@rapport/protocol/insights';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { clock } from '../../lib/clock.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, Field, Loading } from '../../lib/ui.tsx';

const periods = [7, 30, 90, 366] as const;
const percent = new Intl.NumberFormat(undefined, { style: 'percent' });

/** How held replies fare, for each persona. */
export function FiguresPage() {
  const { t } = useTranslation();
  const [days, setDays] = useState<number>(30);
  const figures = useQuery({
    queryKey: ['figures', days],
    queryFn: () => api.get<SupervisionFigures>('/insights/supervision', { days }),
  });
  const personas = figures.data?.personas;
  return (
    <Page title={t('figures.title')} hint={t('figures.hint')}>
      <Field label={t('figures.period')}>
        {(ids) => (
          <select {...ids} value={days} onChange={(e) => setDays(Number(e.target.value))}>
            {periods.map((one) => (
              <option key={one} value={one}>
                {t('figures.days', { count: one })}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Failure error={figures.error} />
      {!personas && !figures.error && <Loading />}
      {personas?.length === 0 && <p>{t('figures.none')}</p>}
      {personas && personas.length > 0 && (
        <>
          {personas.map((one) => (
            <Share key={one.personaId} figures={one} />
          ))}
          <All personas={personas} />
        </>
      )}
    </Page>
  );
}

/** The share that went out, as a bar, and why the others did not. */
function Share({ figures }: { figures: PersonaFigures }) {
  const { t } = useTranslation();
  const { approvalRate, name, reasons } = figures;
  const share = approvalRate === null ? t('figures.dash') : percent.format(approvalRate);
  return (
    <section className="stack">
      <h2>
        <bdi>{name}</bdi>
      </h2>
      {approvalRate !== null && (
        <svg
          className="bars share"
          role="img"
          aria-label={t('figures.chart', { percent: share })}
          viewBox="0 0 100 4"
          preserveAspectRatio="none"
        >
          <rect className="rest" width={100} height={4} />
          <rect width={approvalRate * 100} height={4} />
        </svg>
      )}
      <p className="small">{t('figures.rateOf', { percent: share, count: figures.released + figures.rejected })}</p>
      {reasons.length > 0 && (
        <p className="small soft">
          {t('figures.reasons')}:{' '}
          {reasons.map(({ reason, count }) => `${t(`review.reasons.${reason}`)} (${count})`).join(', ')}
        </p>
      )}
    </section>
  );
}

function All({ personas }: { personas: PersonaFigures[] }) {
  const { t } = useTranslation();
  const time = (seconds: number | null) => (seconds === null ? t('figures.dash') : clock(seconds * 1000));
  const columns: [name: string, value: (one: PersonaFigures) => string | number][] = [
    [t('figures.rate'), (one) => one.released],
    [t('figures.edited'), (one) => one.edited],
    [t('figures.rejected'), (one) => one.rejected],
    [t('figures.discarded'), (one) => one.discarded],
    [t('figures.overdue'), (one) => one.overdue],
    [t('figures.wait'), (one) => time(one.medianWaitSeconds)],
    [t('figures.waitMost'), (one) => time(one.p95WaitSeconds)],
    [t('figures.distance'), (one) => one.medianEditDistance ?? t('figures.dash')],
  ];
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={t('figures.table')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('figures.persona')}</th>
            {columns.map(([name]) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {personas.map((one) => (
            <tr key={one.personaId}>
              <th scope="row">
                <bdi>{one.name}</bdi>
              </th>
              {columns.map(([name, value]) => (
                <td key={name}>{value(one)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
