import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MarkedMarkdown } from '../../lib/MarkedMarkdown.tsx';
import type { Range } from './highlights.ts';
import { clip, slicesOf, type Slice } from './slices.ts';

interface Props {
  text: string;
  pageStarts: number[] | null;
  /** What to mark, and to begin with. */
  passage: Range | null;
}

/** More of a long document is drawn when asked for. */
const atOnce = 40;

/** The text of a document in the order in which it stands, from the passage on that one came for. */
export function Reading({ text, pageStarts, passage }: Props) {
  const { t } = useTranslation();
  const slices = useMemo(() => slicesOf(text, pageStarts), [text, pageStarts]);
  const at = passage
    ? Math.max(
        slices.findIndex(({ end }) => end > passage[0]),
        0,
      )
    : 0;
  const [first, setFirst] = useState(Math.max(at - 1, 0));
  const [last, setLast] = useState(Math.max(at - 1, 0) + atOnce);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    box.current?.querySelector('mark')?.scrollIntoView({ block: 'center' });
  }, []);
  return (
    <article className="reading card" ref={box} aria-labelledby="text">
      <h2 id="text">{t('knowledge.textOf')}</h2>
      {first > 0 && (
        <button type="button" onClick={() => setFirst(Math.max(first - atOnce, 0))}>
          {t('knowledge.earlier')}
        </button>
      )}
      {slices.slice(first, last).map((slice) => (
        <Part key={slice.start} slice={slice} text={text} passage={passage} />
      ))}
      {last < slices.length && (
        <button type="button" onClick={() => setLast(last + atOnce)}>
          {t('common.more')}
        </button>
      )}
    </article>
  );
}

const Part = memo(function Part({ slice, text, passage }: { slice: Slice; text: string; passage: Range | null }) {
  const { t } = useTranslation();
  return (
    <section dir="auto">
      {slice.page !== null && <p className="pagemark">{t('knowledge.page', { page: slice.page })}</p>}
      <MarkedMarkdown text={text.slice(slice.start, slice.end)} asDocument marked={passage && clip(passage, slice)} />
    </section>
  );
});
