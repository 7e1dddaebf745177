import type { Client } from '@rapport/protocol/clients';
import type { ClientInsight } from '@rapport/protocol/insights';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Page } from '../../lib/Page.tsx';
import { Failure, isolated, Loading } from '../../lib/ui.tsx';
import { OfClient } from '../clients/OfClient.tsx';
import { OverSessions } from './OverSessions.tsx';

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
      {data && <OverSessions insight={data} subject={{ clientId: client.id }} />}
    </Page>
  );
}
