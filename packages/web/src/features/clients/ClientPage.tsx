import type { Client } from '@rapport/protocol/clients';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Page } from '../../lib/Page.tsx';
import { Reports } from '../insights/Reports.tsx';
import { ClientConsents } from '../privacy/ClientConsents.tsx';
import { SessionsSection } from '../sessions/SessionsSection.tsx';
import { Assignments } from './Assignments.tsx';
import { ClientForm } from './ClientForm.tsx';
import { Goals } from './Goals.tsx';
import { Notes } from './Notes.tsx';
import { OfClient } from './OfClient.tsx';
import { Questionnaires } from './Questionnaires.tsx';
import { Tags } from './Tags.tsx';
import { Threads } from './Threads.tsx';

export function ClientPage() {
  const { t } = useTranslation();
  return <OfClient title={t('clients.title')}>{(client) => <Sections key={client.id} client={client} />}</OfClient>;
}

/** What is on record about a client, a section each. */
function Sections({ client }: { client: Client }) {
  const may = useMay();
  const { t } = useTranslation();
  const part = (children: ReactNode) => <div className="card">{children}</div>;
  return (
    <Page title={client.name} narrow>
      {part(<Profile client={client} />)}
      {part(<Goals clientId={client.id} />)}
      {part(<Threads clientId={client.id} />)}
      {part(<Notes path={`/clients/${client.id}/notes`} mayWrite={may('clients.manage')} />)}
      {part(<Questionnaires clientId={client.id} />)}
      {may('sessions.read') && part(<SessionsSection of={{ clientId: client.id }} none={t('clients.noSessions')} />)}
      {may('sessions.follow') &&
        part(
          <p>
            <Link to="/clients/$id/insights" params={{ id: client.id }}>
              {t('insight.overTime')}
            </Link>
          </p>,
        )}
      {may('sessions.follow') && part(<Reports subject={{ clientId: client.id }} />)}
      {may('memory.read') &&
        part(
          <p>
            <Link to="/clients/$id/memories" params={{ id: client.id }}>
              {t('memory.title')}
            </Link>
          </p>,
        )}
      {part(<Assignments clientId={client.id} />)}
      {may('consents.manage') && part(<ClientConsents clientId={client.id} />)}
      <p>
        <Link to="/clients">{t('clients.all')}</Link>
      </p>
    </Page>
  );
}

function Profile({ client }: { client: Client }) {
  const { t } = useTranslation();
  const may = useMay();
  const facts: [label: string, value: string][] = [
    [t('clients.language'), client.language],
    [t('clients.contact'), client.contact],
    [t('clients.riskFactors'), client.riskFactors.join('; ')],
    [t('clients.about'), client.about],
  ];
  return (
    <section className="stack" aria-labelledby="profile">
      <h2 id="profile">{t('clients.profile')}</h2>
      <Tags tags={client.tags} />
      <dl className="facts">
        {facts
          .filter(([, value]) => value !== '')
          .map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
      </dl>
      {may('clients.manage') && (
        <details>
          <summary>{t('clients.edit')}</summary>
          <ClientForm client={client} />
        </details>
      )}
    </section>
  );
}
