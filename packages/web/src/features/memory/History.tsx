import type { MemoryRevision } from '@rapport/protocol/memory';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure, formatDate, Loading } from '../../lib/ui.tsx';
import { useAllMembers } from '../identity/everybody.ts';

interface Props {
  memoryId: string;
  revision: number;
}

/** Who did what about a memory, and when; asked for when somebody wants to know. */
export function History(props: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const [open, setOpen] = useState(false);
  return (
    <details className="small" onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary>{t('memory.history')}</summary>
      {open && (may('members.read') ? <Named {...props} /> : <Revisions {...props} nameOf={() => undefined} />)}
    </details>
  );
}

function Named(props: Props) {
  const members = useAllMembers();
  return <Revisions {...props} nameOf={(id) => members.data?.find((one) => one.id === id)?.name} />;
}

function Revisions({ memoryId, revision, nameOf }: Props & { nameOf(userId: string | null): string | undefined }) {
  const { t } = useTranslation();
  const path = `/memories/${memoryId}/history`;
  const history = useQuery({
    queryKey: [path, revision],
    queryFn: () => api.get<{ items: MemoryRevision[] }>(path),
  });
  return (
    <>
      {history.isPending && <Loading />}
      <Failure error={history.error} />
      <ol>
        {history.data?.items.toReversed().map((one) => (
          <li key={one.revision}>
            {formatDate(one.at)} · {t(`memory.change.${one.change}`)} ·{' '}
            <bdi>{nameOf(one.userId) ?? t(`memory.by.${one.by}`)}</bdi>
          </li>
        ))}
      </ol>
    </>
  );
}
