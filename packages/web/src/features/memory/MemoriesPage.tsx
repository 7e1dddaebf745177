import type { Client } from '@rapport/protocol/clients';
import { memoryStatuses, type MemoryStatus } from '@rapport/protocol/memoryStatus';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, isMissing, isolated, Loading } from '../../lib/ui.tsx';
import { MemoryForm } from './MemoryForm.tsx';
import { MemoryList } from './MemoryList.tsx';

export function MemoriesPage() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const client = useQuery({
    queryKey: ['client', id],
    queryFn: () => api.get<Client>(`/clients/${id}`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(client.error)) return <NotFound />;
  if (client.isPending) return <Loading />;
  if (client.error) {
    return (
      <Page title={t('memory.title')} narrow>
        <Failure error={client.error} />
      </Page>
    );
  }
  return <Memories key={id} client={client.data} />;
}

/** What is remembered about a client: what waits first, and everything as it stood on any day. */
function Memories({ client }: { client: Client }) {
  const { t } = useTranslation();
  const may = useMay();
  const [status, setStatus] = useState<MemoryStatus>('proposed');
  const [day, setDay] = useState('');
  const [writing, setWriting] = useState(false);
  // The end of the day where whoever asks is.
  const end = day === '' ? null : new Date(`${day}T23:59:59.999`);
  const at = end && !Number.isNaN(end.getTime()) ? end.toISOString() : undefined;
  return (
    <Page
      title={t('memory.of', { name: isolated(client.name) })}
      hint={t('memory.hint')}
      actions={
        may('memory.manage') && (
          <button type="button" className="primary" onClick={() => setWriting(true)}>
            {t('memory.new')}
          </button>
        )
      }
    >
      <div className="row tabs" role="group" aria-label={t('memory.status')}>
        {memoryStatuses.map((one) => (
          <button key={one} type="button" aria-pressed={status === one} onClick={() => setStatus(one)}>
            {t(`memory.is.${one}`)}
          </button>
        ))}
      </div>
      <Field label={`${t('memory.day')} (${t('common.optional')})`} hint={t('memory.dayHint')}>
        {(ids) => <input {...ids} type="date" value={day} onChange={(e) => setDay(e.target.value)} />}
      </Field>
      <MemoryList clientId={client.id} status={status} at={at} />
      <Dialog open={writing} title={t('memory.new')} onClose={() => setWriting(false)}>
        <MemoryForm clientId={client.id} onDone={() => setWriting(false)} />
      </Dialog>
    </Page>
  );
}
