import type { Surroundings as Stretch } from '@rapport/protocol/knowledge';
import type { Citation } from '@rapport/protocol/sessions';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { MarkedMarkdown } from '../../lib/MarkedMarkdown.tsx';
import { Loading } from '../../lib/ui.tsx';
import { documentKey, documentsPath } from './base.ts';
import { fileAddress } from './DocumentRow.tsx';
import { clip } from './slices.ts';

// Only a PDF needs it.
const PdfPage = lazy(() => import('./PdfPage.tsx').then((m) => ({ default: m.PdfPage })));

interface Props {
  baseId: string;
  citation: Citation;
  id: string;
  beside: { current: HTMLElement | null };
}

/** What is seen above a passage, where not all of it is. */
const lineAbove = 32;

/** Above everything, so that no scrolling box cuts it off; below the link, or above it where there is more room. */
function place(box: HTMLElement, beside: HTMLElement): void {
  const { top, bottom, left } = beside.getBoundingClientRect();
  const below = innerHeight - bottom >= top;
  box.style.left = `${Math.max(8, Math.min(left, innerWidth - box.offsetWidth - 8))}px`;
  box.style.top = below ? `${bottom}px` : 'auto';
  box.style.bottom = below ? 'auto' : `${innerHeight - top}px`;
  box.style.maxHeight = `${Math.max(below ? innerHeight - bottom : top, 120) - 8}px`;
}

/** A quote among what stands around it in its document. */
export function Surroundings({ id, beside, baseId, citation }: Props) {
  const { t } = useTranslation();
  const { documentId, start, end } = citation;
  const box = useRef<HTMLDivElement>(null);
  const around = useQuery({
    queryKey: [...documentKey(baseId, documentId), 'around', start, end],
    queryFn: () => api.get<Stretch>(`${documentsPath(baseId)}/${documentId}/surroundings`, { start, end }),
    staleTime: 60_000,
  });
  useEffect(() => {
    if (!box.current || !beside.current) return;
    if (!box.current.matches(':popover-open')) box.current.showPopover();
    place(box.current, beside.current);
    // Beside a page there is less room for what stands around the passage.
    const mark = box.current.querySelector<HTMLElement>('.excerpt mark');
    if (mark?.offsetParent) mark.offsetParent.scrollTop = mark.offsetTop - lineAbove;
  }, [beside, around.status]);
  const { data: shown } = around;
  const asPdf = shown?.format === 'pdf' && shown.page !== null;
  return (
    <div
      id={id}
      role="tooltip"
      aria-label={t('knowledge.inDocument')}
      popover="manual"
      className={asPdf ? 'surroundings paged' : 'surroundings'}
      ref={box}
    >
      {around.isPending && <Loading />}
      {around.error && <p>{t('knowledge.gone')}</p>}
      {shown && (
        <>
          <div className="excerpt">
            {shown.page !== null && !asPdf && <p className="soft small">{t('knowledge.page', { page: shown.page })}</p>}
            <MarkedMarkdown text={shown.text} marked={clip([start, end], shown)} />
          </div>
          {shown.format === 'pdf' && shown.page !== null && (
            <Suspense>
              <PdfPage
                brief
                address={fileAddress(baseId, { id: documentId }, shown.version)}
                title={citation.title}
                page={shown.page}
                passage={{ quote: citation.quote, before: shown.text.slice(0, Math.max(start - shown.start, 0)) }}
              />
            </Suspense>
          )}
        </>
      )}
    </div>
  );
}
