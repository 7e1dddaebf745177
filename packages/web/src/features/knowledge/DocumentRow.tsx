import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { Failure, formatDate } from '../../lib/ui.tsx';
import { documentsPath, refreshBase } from './base.ts';
import type { ShownDocument } from './documentEvents.ts';
import { DocumentState } from './DocumentState.tsx';
import { formatBytes } from './formatBytes.ts';

interface Props {
  baseId: string;
  document: ShownDocument;
  chosen: boolean;
  onChoose(chosen: boolean): void;
  onEdit(): void;
  onDelete(): void;
}

export const fileAddress = (baseId: string, { id }: { id: string }, version?: number): string =>
  `/api/v1${documentsPath(baseId)}/${id}/file${version === undefined ? '' : `?version=${version}`}`;

/** An address that was never fetched has left nothing that could be taken away. */
export const hasFile = ({ source, fileName }: { source: string; fileName: string | null }): boolean =>
  source !== 'url' || fileName !== null;

export function useReprocess(baseId: string, id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.post(`${documentsPath(baseId)}/${id}/reprocess`),
    onSettled: () => refreshBase(queries, baseId),
  });
}

const named = (label: string, title: string): string => `${label}: ${title}`;

interface ChoiceProps extends Pick<Props, 'chosen' | 'onChoose'> {
  label: string;
}

const Choice = ({ label, chosen, onChoose }: ChoiceProps) => (
  <input
    type="checkbox"
    className="choose"
    aria-label={label}
    checked={chosen}
    onChange={(e) => onChoose(e.target.checked)}
  />
);

export function DocumentRow({ baseId, document, chosen, onChoose, onEdit, onDelete }: Props) {
  const { t } = useTranslation();
  const [mayManage, retry] = [useMay()('knowledge.manage'), useReprocess(baseId, document.id)];
  const { id, title, fileName, tags, state, bytes, pages, chunkCount, version, updatedAt } = document;
  const about = [
    document.folder,
    // Titles are often the same; what the file was called tells them apart.
    fileName,
    formatBytes(bytes),
    pages && t('knowledge.pages', { count: pages }),
    (state === 'ready' || state === 'waiting') && t('knowledge.chunks', { count: chunkCount }),
    version > 1 && t('knowledge.version', { version }),
    formatDate(updatedAt),
  ];
  return (
    <>
      {mayManage && <Choice label={named(t('knowledge.choose'), title)} chosen={chosen} onChoose={onChoose} />}
      <div className="grow">
        <Link to="/knowledge/$id/documents/$documentId" params={{ id: baseId, documentId: id }} dir="auto">
          <strong>{title}</strong>
        </Link>{' '}
        {tags.map((tag) => (
          <Link
            key={tag}
            to="/knowledge/$id"
            params={{ id: baseId }}
            search={{ tag } as never}
            className="badge on tag"
          >
            {tag}
          </Link>
        ))}
        <br />
        <span className="soft small">{about.filter(Boolean).join(' · ')}</span>
        <DocumentState baseId={baseId} document={document} />
        <Failure error={retry.error} />
      </div>
      <div className="row">
        {state === 'failed' && mayManage && (
          <button
            type="button"
            aria-label={named(t('common.tryAgain'), title)}
            aria-disabled={retry.isPending}
            onClick={() => retry.isPending || retry.mutate()}
          >
            {t('common.tryAgain')}
          </button>
        )}
        {hasFile(document) && (
          <a
            className="button quiet"
            download
            href={fileAddress(baseId, document)}
            aria-label={named(t('knowledge.download'), title)}
          >
            {t('knowledge.download')}
          </a>
        )}
        {mayManage && (
          <>
            <button type="button" className="quiet" aria-label={named(t('knowledge.edit'), title)} onClick={onEdit}>
              {t('knowledge.edit')}
            </button>
            <button type="button" className="quiet" aria-label={named(t('common.delete'), title)} onClick={onDelete}>
              {t('common.delete')}
            </button>
          </>
        )}
      </div>
    </>
  );
}
