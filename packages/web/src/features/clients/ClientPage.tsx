import type { Client } from '@rapport/protocol/clients';
import type { Session } from '@rapport/protocol/sessions';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { List, Page } from '../../lib/Page.tsx';
import { formatDate } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { Reports } from '../insights/Reports.tsx';
import { ClientConsents } from '../privacy/ClientConsents.tsx';
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
      {may('sessions.read') && part(<Sessions clientId={client.id} />)}
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

function Sessions({ clientId }: { clientId: string }) {
  const { t } = useTranslation();
  const list = usePages<Session>('/sessions', { clientId });
  return (
    <section className="stack" aria-labelledby="sessions">
      <h2 id="sessions">{t('sessions.title')}</h2>
      <List list={list} inSection empty={<p className="soft">{t('clients.noSessions')}</p>}>
        {(session) => (
          <>
            <Link to="/sessions/$id" params={{ id: session.id }} className="grow">
              <bdi>{session.title}</bdi>
            </Link>
            <span className="badge">{t(`sessions.${session.status}`)}</span>
            <span className="soft small">{formatDate(session.lastActivityAt)}</span>
          </>
        )}
      </List>
    </section>
  );
}
