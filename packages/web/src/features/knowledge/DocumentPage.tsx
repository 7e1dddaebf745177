import type { DocumentText } from '@rapport/protocol/knowledge';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { useMay } from '../../lib/me.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, isMissing, Loading } from '../../lib/ui.tsx';
import { documentKey, documentsPath, refreshBase, useBase, useBaseRoom } from './base.ts';
import { fileAddress, hasFile, useReprocess } from './DocumentRow.tsx';
import { DocumentState } from './DocumentState.tsx';
import { formatBytes } from './formatBytes.ts';
import { Reading } from './Reading.tsx';
import { Versions } from './Versions.tsx';
import { Waiting } from './Waiting.tsx';

// Only a PDF needs it.
const PdfPages = lazy(() => import('./PdfPages.tsx').then((m) => ({ default: m.PdfPages })));

const number = (given: unknown): number | null =>
  given !== undefined && Number.isInteger(Number(given)) ? Number(given) : null;

/** A document as it was read, with the passage that the address names marked. */
export function DocumentPage() {
  const { id, documentId } = useParams({ strict: false }) as { id: string; documentId: string };
  const { t } = useTranslation();
  const search: Record<string, unknown> = useSearch({ strict: false });
  const [start, end, version] = [number(search['start']), number(search['end']), number(search['version'])];
  const base = useBase(id);
  useBaseRoom(base.data);
  const document = useQuery({
    queryKey: [...documentKey(id, documentId), version],
    queryFn: () => api.get<DocumentText>(`${documentsPath(id)}/${documentId}`, { version: version ?? undefined }),
    enabled: isId(id) && isId(documentId),
    // Another version of the same document takes the place of this one without the page going away.
    placeholderData: (before) => (before?.id === documentId ? before : undefined),
  });
  if (!isId(id) || !isId(documentId) || isMissing(document.error)) return <NotFound />;
  if (document.isPending) return <Loading />;
  if (!document.data) {
    return (
      <Page title={t('knowledge.title')} narrow>
        <Failure error={document.error} />
      </Page>
    );
  }
  const { title, text, pageStarts, textFormat, textVersion } = document.data;
  const passage: [number, number] | null = start === null || end === null || end <= start ? null : [start, end];
  const shown = `${textVersion}-${start}-${end}`;
  const asPdf = textFormat === 'pdf' && pageStarts !== null && textVersion !== null;
  return (
    <Page title={title}>
      <p>
        <Link to="/knowledge/$id" params={{ id }}>
          <bdi>{base.data?.name ?? t('knowledge.title')}</bdi>
        </Link>
      </p>
      <Facts baseId={id} document={document.data} />
      <Versions baseId={id} document={document.data} shown={document.data.textVersion} />
      {text === '' ? (
        <p className="soft">{t('knowledge.noText')}</p>
      ) : (
        <div className={asPdf ? 'beside' : 'stack'}>
          {asPdf && (
            <Suspense>
              <PdfPages
                key={`pages-${shown}`}
                address={fileAddress(id, { id: documentId }, textVersion)}
                {...{ title, text, pageStarts, passage }}
              />
            </Suspense>
          )}
          <Reading key={shown} {...{ text, pageStarts, passage }} />
        </div>
      )}
    </Page>
  );
}

/** What stands at its address now, as a new version. */
function FetchAgain({ baseId, id, url }: { baseId: string; id: string; url: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const fetchIt = useMutation({
    mutationFn: () => api.put(`${documentsPath(baseId)}/${id}`, { url }),
    onSettled: () => refreshBase(queries, baseId),
  });
  return (
    <>
      <button type="button" aria-disabled={fetchIt.isPending} onClick={() => fetchIt.isPending || fetchIt.mutate()}>
        {t('knowledge.fetchAgain')}
      </button>
      <Failure error={fetchIt.error} />
    </>
  );
}

function Facts({ baseId, document }: { baseId: string; document: DocumentText }) {
  const { t } = useTranslation();
  const mayManage = useMay()('knowledge.manage');
  const retry = useReprocess(baseId, document.id);
  const { folder, tags, bytes, pages, chunkCount, fileName, url, language, state } = document;
  const about = [
    folder,
    fileName ?? url,
    formatBytes(bytes),
    pages && t('knowledge.pages', { count: pages }),
    t('knowledge.chunks', { count: chunkCount }),
    language,
  ];
  const settled = state === 'ready' || state === 'failed' || state === 'waiting';
  return (
    <>
      <p className="small soft">
        {about.filter(Boolean).join(' · ')}{' '}
        {tags.map((tag) => (
          <span key={tag} className="badge on tag">
            {tag}
          </span>
        ))}
      </p>
      {state === 'waiting' ? (
        <Waiting baseId={baseId} document={document} />
      ) : (
        <DocumentState baseId={baseId} document={document} />
      )}
      <Failure error={retry.error} />
      <div className="row">
        {hasFile(document) && (
          <a className="button" download href={fileAddress(baseId, document)}>
            {t('knowledge.original')}
          </a>
        )}
        {mayManage && settled && (
          <button type="button" aria-disabled={retry.isPending} onClick={() => retry.isPending || retry.mutate()}>
            {state === 'failed' ? t('common.tryAgain') : t('knowledge.readAgain')}
          </button>
        )}
        {mayManage && settled && url !== null && <FetchAgain baseId={baseId} id={document.id} url={url} />}
      </div>
      <br />
    </>
  );
}
