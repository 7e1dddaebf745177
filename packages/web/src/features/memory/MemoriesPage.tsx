import type { Client } from '@rapport/protocol/clients';
import { memoryStatuses, type MemoryStatus } from '@rapport/protocol/memoryStatus';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Page } from '../../lib/Page.tsx';
import { Dialog, Field, isolated } from '../../lib/ui.tsx';
import { OfClient } from '../clients/OfClient.tsx';
import { MemoryForm } from './MemoryForm.tsx';
import { MemoryList } from './MemoryList.tsx';

export function MemoriesPage() {
  const { t } = useTranslation();
  return <OfClient title={t('memory.title')}>{(client) => <Memories key={client.id} client={client} />}</OfClient>;
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
      <MemoryList path={`/clients/${client.id}/memories`} status={status} at={at} />
      <Dialog open={writing} title={t('memory.new')} onClose={() => setWriting(false)}>
        <MemoryForm path={`/clients/${client.id}/memories`} onDone={() => setWriting(false)} />
      </Dialog>
    </Page>
  );
}
