import type { Persona } from '@rapport/protocol/personas';
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
import { OfClient } from '../clients/OfClient.tsx';
import { MemoryForm } from './MemoryForm.tsx';
import { MemoryList } from './MemoryList.tsx';

export function MemoriesPage() {
  const { t } = useTranslation();
  return (
    <OfClient title={t('memory.title')}>
      {({ id, name }) => (
        <Memories key={id} name={name} path={`/clients/${id}/memories`} clientId={id} first="proposed" />
      )}
    </OfClient>
  );
}

/** What holds with every client of a persona: nobody proposes it, so what holds stands first. */
export function PersonaMemoriesPage() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const persona = useQuery({
    queryKey: ['persona', id],
    queryFn: () => api.get<Persona>(`/personas/${id}`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(persona.error)) return <NotFound />;
  if (!persona.data)
    return <Page title={t('memory.title')}>{persona.error ? <Failure error={persona.error} /> : <Loading />}</Page>;
  const { name } = persona.data;
  return (
    <Memories
      key={id}
      name={name}
      path={`/personas/${id}/memories`}
      clientId={null}
      first="approved"
      hint={t('memory.personaHint')}
    />
  );
}

interface Props {
  name: string;
  path: string;
  clientId: string | null;
  first: MemoryStatus;
  hint?: string;
}

/** What is remembered about somebody: what waits first, and everything as it stood on any day. */
function Memories({ name, path, clientId, first, hint }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const [status, setStatus] = useState<MemoryStatus>(first);
  const [day, setDay] = useState('');
  const [writing, setWriting] = useState(false);
  // The end of the day where whoever asks is.
  const end = day === '' ? null : new Date(`${day}T23:59:59.999`);
  const at = end && !Number.isNaN(end.getTime()) ? end.toISOString() : undefined;
  return (
    <Page
      title={t('memory.of', { name: isolated(name) })}
      hint={hint ?? t('memory.hint')}
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
      <MemoryList path={path} status={status} at={at} />
      <Dialog open={writing} title={t('memory.new')} onClose={() => setWriting(false)}>
        {writing && <MemoryForm path={path} clientId={clientId} onDone={() => setWriting(false)} />}
      </Dialog>
    </Page>
  );
}
