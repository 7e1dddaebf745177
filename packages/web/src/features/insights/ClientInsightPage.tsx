import type { Client } from '@rapport/protocol/clients';
import type { ClientInsight } from '@rapport/protocol/insights';
import type { Questionnaire } from '@rapport/protocol/questionnaires';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, isolated, Loading } from '../../lib/ui.tsx';
import { OfClient } from '../clients/OfClient.tsx';
import { useInstruments } from '../clients/Questionnaires.tsx';
import { ScoreChart } from '../clients/ScoreChart.tsx';
import { OverSessions } from './OverSessions.tsx';
import { Reports } from './Reports.tsx';
import { Section } from './Section.tsx';

export function ClientInsightPage() {
  const { t } = useTranslation();
  return <OfClient title={t('insight.overTime')}>{(client) => <OverTime key={client.id} client={client} />}</OfClient>;
}

/** A client over their sessions: how they went, what was reached, what was answered, and what was grave. */
function OverTime({ client }: { client: Client }) {
  const { t } = useTranslation();
  const insight = useQuery({
    queryKey: ['insight', 'client', client.id],
    queryFn: () => api.get<ClientInsight>(`/clients/${client.id}/insights`),
  });
  const { data } = insight;
  return (
    <Page
      title={t('insight.ofClient', { name: isolated(client.name) })}
      hint={t('insight.overTimeHint')}
      actions={
        <Link className="button" to="/clients/$id" params={{ id: client.id }}>
          {t('report.toClient')}
        </Link>
      }
    >
      <Failure error={insight.error} />
      {insight.isPending && <Loading />}
      {data && <Insight insight={data} />}
      {data && <Reports subject={{ clientId: client.id }} />}
    </Page>
  );
}

function Insight({ insight }: { insight: ClientInsight }) {
  const { t } = useTranslation();
  const { questionnaires } = insight;
  return (
    <>
      <OverSessions insight={insight} />
      {questionnaires && (
        <Section title={t('questionnaires.title')}>
          <Scores all={questionnaires} />
        </Section>
      )}
    </>
  );
}

function Scores({ all }: { all: Questionnaire[] }) {
  const { t } = useTranslation();
  const instruments = useInstruments();
  if (all.length === 0) return <p className="soft">{t('questionnaires.empty')}</p>;
  return (
    <>
      <Failure error={instruments.error} />
      {instruments.data?.items.map((instrument) => (
        <ScoreChart
          key={instrument.id}
          instrument={instrument}
          results={all.filter((one) => one.instrument === instrument.id)}
        />
      ))}
    </>
  );
}
