import type { ClientInsight } from '@rapport/protocol/insights';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { clock } from '../../lib/clock.ts';
import { Failure, formatDate, isolated, Loading } from '../../lib/ui.tsx';

/** A client's sessions over time: how much they wrote, how long they took, and what was grave. */
export function OverTime({ clientId }: { clientId: string }) {
  const { t } = useTranslation();
  const insight = useQuery({
    queryKey: ['insight', 'client', clientId],
    queryFn: () => api.get<ClientInsight>(`/clients/${clientId}/insights`),
  });
  const { data } = insight;
  return (
    <section className="stack" aria-labelledby="over-time">
      <h2 id="over-time">{t('insight.overTime')}</h2>
      <Failure error={insight.error} />
      {insight.isPending && <Loading />}
      {data?.sessions.length === 0 && <p>{t('insight.noSessions')}</p>}
      {data && data.sessions.length > 0 && <Sessions insight={data} />}
    </section>
  );
}

const height = 60;

function Sessions({ insight: { sessions, topics } }: { insight: ClientInsight }) {
  const { t } = useTranslation();
  const most = Math.max(1, ...sessions.map(({ clientWords }) => clientWords));
  return (
    <>
      <svg
        className="bars"
        role="img"
        aria-label={t('insight.overTimeChart', { count: sessions.length })}
        viewBox={`0 0 ${sessions.length * 10} ${height}`}
        preserveAspectRatio="none"
      >
        {sessions.map(({ sessionId, clientWords }, at) => {
          const tall = Math.max(0.5, (clientWords / most) * height);
          return <rect key={sessionId} x={at * 10 + 1} y={height - tall} width={8} height={tall} />;
        })}
      </svg>
      <div className="scroll" tabIndex={0} role="region" aria-label={t('insight.overTimeTable')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('insight.session')}</th>
              <th scope="col">{t('insight.words')}</th>
              <th scope="col">{t('insight.clientTakes')}</th>
              <th scope="col">{t('insight.risk')}</th>
            </tr>
          </thead>
          <tbody>
            {sessions.map((one) => (
              <tr key={one.sessionId}>
                <th scope="row">
                  <Link to="/sessions/$id/insights" params={{ id: one.sessionId }}>
                    {one.title}
                  </Link>
                  <br />
                  <span className="soft small">{formatDate(one.at)}</span>
                </th>
                <td>{one.clientWords}</td>
                <td>{one.clientMedianMs === null ? t('insight.none') : clock(one.clientMedianMs)}</td>
                <td>{one.highestRisk === 'none' ? t('insight.none') : t(`risk.${one.highestRisk}`)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {topics.length > 0 && (
        <p className="small">
          {t('insight.topics')}:{' '}
          {topics
            .map(({ word, sessions: where }) => t('insight.inSessions', { word: isolated(word), count: where.length }))
            .join(', ')}
        </p>
      )}
    </>
  );
}
