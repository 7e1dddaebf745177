import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Range } from './highlights.ts';
import { PdfPage } from './PdfPage.tsx';
import { clip } from './slices.ts';

interface Props {
  address: string;
  title: string;
  text: string;
  pageStarts: number[];
  passage: Range | null;
}

/** What stands before a passage tells apart the places that say the same; more than this is not needed for it. */
const beforeLength = 200;

/** The pages of a PDF as they look, from the one with the passage on. */
export function PdfPages({ address, title, text, pageStarts, passage }: Props) {
  const { t } = useTranslation();
  const first = passage
    ? Math.max(
        pageStarts.findLastIndex((start) => start <= passage[0]),
        0,
      )
    : 0;
  const [page, setPage] = useState(first + 1);
  const [pages, setPages] = useState(pageStarts.length);
  const bounds = { start: pageStarts[page - 1] ?? text.length, end: pageStarts[page] ?? text.length };
  const own = passage && clip(passage, bounds);
  const from = bounds.start + (own?.[0] ?? 0);
  const quote = own && text.slice(from, bounds.start + own[1]);
  const before = text.slice(Math.max(bounds.start, from - beforeLength), from);
  const step = (by: number) => setPage((shown) => Math.min(Math.max(shown + by, 1), pages));
  return (
    <section className="card stack" aria-labelledby="pages">
      <h2 id="pages">{t('knowledge.asDrawn')}</h2>
      <div className="turn">
        <button type="button" aria-disabled={page <= 1} onClick={() => step(-1)}>
          {t('knowledge.pageBefore')}
        </button>
        <span role="status">{t('knowledge.pageOf', { page, pages })}</span>
        <button type="button" aria-disabled={page >= pages} onClick={() => step(1)}>
          {t('knowledge.pageAfter')}
        </button>
      </div>
      <PdfPage
        address={address}
        title={title}
        page={page}
        passage={quote ? { quote, before } : null}
        onPages={setPages}
      />
    </section>
  );
}
