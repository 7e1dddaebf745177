import type { Document } from '@rapport/protocol/knowledge';
import type { Memory, PlacedReference } from '@rapport/protocol/memory';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';

/** Where memories of each kind are shown. */
const pages = { client: '/clients/$id/memories', persona: '/personas/$id/memories', thread: '/threads/$id' } as const;

/** What a memory supports, contradicts, or takes the place of, and where that stands. */
export function References({ references }: { references: PlacedReference[] }) {
  const { t } = useTranslation();
  if (references.length === 0) return null;
  return (
    <ul className="plain small" aria-label={t('memory.references')}>
      {references.map((one) => (
        <li key={`${one.kind}-${one.id}-${one.relation}`}>
          {t(`memory.relation.${one.relation}`)}: <Target reference={one} />
        </li>
      ))}
    </ul>
  );
}

/** What rules think a proposal may contradict; whoever approves looks, and decides. */
export function Contradictions({ found = [] }: { found: Memory['mayContradict'] }) {
  const { t } = useTranslation();
  if (found.length === 0) return null;
  return (
    <ul className="plain small" aria-label={t('memory.mayContradict')}>
      {found.map(({ id }) => (
        <li key={id}>
          <span className="badge warn">{t('memory.mayContradict')}</span> <OtherMemory id={id} />
        </li>
      ))}
    </ul>
  );
}

function Target({ reference: { kind, id, within } }: { reference: PlacedReference }) {
  const { t } = useTranslation();
  if (kind === 'memory') return <OtherMemory id={id} />;
  if (within === null) return <span className="soft">{t('memory.goneReference')}</span>;
  if (kind === 'document') return <DocumentLink baseId={within} id={id} />;
  return (
    <Link to="/sessions/$id" params={{ id: within }}>
      {t('memory.aMessage')}
    </Link>
  );
}

function OtherMemory({ id }: { id: string }) {
  const { t } = useTranslation();
  const memory = useQuery({ queryKey: ['memory', id], queryFn: () => api.get<Memory>(`/memories/${id}`) });
  if (memory.error) return <span className="soft">{t('memory.goneReference')}</span>;
  if (!memory.data) return null;
  const { statement, status, subject } = memory.data;
  return (
    <>
      <Link to={pages[subject.kind]} params={{ id: subject.id }}>
        <bdi>{statement}</bdi>
      </Link>{' '}
      <span className="badge">{t(`memory.is.${status}`)}</span>
    </>
  );
}

/** Its title is for those who may read the knowledge base; for others it is a document. */
function DocumentLink({ baseId, id }: { baseId: string; id: string }) {
  const { t } = useTranslation();
  const document = useQuery({
    queryKey: ['document-title', id],
    queryFn: () => api.get<Document>(`/knowledge-bases/${baseId}/documents/${id}`),
  });
  return (
    <Link to="/knowledge/$id/documents/$documentId" params={{ id: baseId, documentId: id }}>
      <bdi>{document.data?.title ?? t('memory.aDocument')}</bdi>
    </Link>
  );
}
