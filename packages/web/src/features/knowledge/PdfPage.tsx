import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { NotDrawn, type NotDrawnReason } from './notDrawn.ts';
import { findPassage } from './passageOnPage.ts';
import type { Box, PdfFile } from './pdfFile.ts';
import { borrowPdf } from './sharedPdf.ts';

interface Props {
  /** Of the file. */
  address: string;
  title: string;
  page: number;
  /** What to mark, as it stands in the text, and what stands before it there. */
  passage: { quote: string; before: string } | null;
  /** As much of it as stands around the passage. */
  brief?: boolean;
  onPages?(count: number): void;
}

type State = { is: 'fetching' | 'drawing' } | { is: 'drawn'; ratio: number; marks: Box[] } | { is: NotDrawnReason };

const reasonOf = (error: unknown): NotDrawnReason => (error instanceof NotDrawn ? error.reason : 'broken');

/** The file while this is on the page, and how much of it has come. */
function useFile(address: string) {
  const [opened, setOpened] = useState<{ file: PdfFile } | { reason: NotDrawnReason } | null>(null);
  const [sent, setSent] = useState(0);
  useEffect(() => {
    let gone = false;
    setOpened(null);
    const borrowed = borrowPdf(address, setSent);
    borrowed.file.then(
      (file) => gone || setOpened({ file }),
      (error: unknown) => gone || setOpened({ reason: reasonOf(error) }),
    );
    return () => {
      gone = true;
      borrowed.release();
    };
  }, [address]);
  return { opened, sent };
}

/** A page of a PDF as it looks, with a passage marked on it. */
export function PdfPage({ address, title, page, passage, brief = false, onPages }: Props) {
  const { t } = useTranslation();
  const { opened, sent } = useFile(address);
  const [state, setState] = useState<State>({ is: 'fetching' });
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const { quote = null, before = '' } = passage ?? {};
  useEffect(() => {
    if (!opened) return setState({ is: 'fetching' });
    if ('reason' in opened) return setState({ is: opened.reason });
    if (!canvas.current) return;
    const { file } = opened;
    const stop = new AbortController();
    onPages?.(file.pages);
    setState({ is: 'drawing' });
    const points = Math.max(canvas.current.parentElement?.clientWidth ?? 0, 320) * Math.max(devicePixelRatio, 1.5);
    file.draw(page, canvas.current, points, stop.signal).then(
      ({ ratio, texts }) => {
        const found =
          quote === null
            ? null
            : findPassage(
                texts.map(({ text }) => text),
                quote,
                before,
              );
        const marks = (found ?? []).flatMap(({ item, from, to }) => texts[item]?.box(from, to) ?? []);
        if (!stop.signal.aborted) setState({ is: 'drawn', ratio, marks });
      },
      (error: unknown) => stop.signal.aborted || setState({ is: reasonOf(error) }),
    );
    return () => stop.abort();
  }, [opened, page, quote, before, onPages]);
  const first = state.is === 'drawn' ? state.marks[0] : undefined;
  useEffect(() => {
    if (!brief || !first || !frame.current) return;
    const { scrollHeight, clientHeight } = frame.current;
    frame.current.scrollTop = (first.y + first.height / 2) * scrollHeight - clientHeight / 2;
  }, [brief, first]);
  const busy = state.is === 'fetching' || state.is === 'drawing';
  if (!busy && state.is !== 'drawn') return <p role="status">{t(`knowledge.notDrawn.${state.is}`)}</p>;
  return (
    <figure className="drawn" aria-busy={busy}>
      {busy && (
        <progress
          {...(state.is === 'fetching' && sent > 0 && sent < 1 ? { value: sent } : {})}
          aria-label={t(state.is === 'fetching' ? 'knowledge.fetching' : 'knowledge.drawing')}
        />
      )}
      <div className="sheet" ref={frame}>
        <div className="inner">
          <canvas ref={canvas} role="img" aria-label={t('knowledge.drawnPage', { page, title })} />
          {state.is === 'drawn' && state.marks.length > 0 && (
            <svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
              {state.marks.map((box, index) => (
                <rect key={index} {...box} />
              ))}
            </svg>
          )}
        </div>
      </div>
      {state.is === 'drawn' && quote !== null && (
        <figcaption className="soft small">
          {brief && `${t('knowledge.page', { page })} · `}
          {t(state.marks.length > 0 ? 'knowledge.passageMarked' : 'knowledge.passageUnmarked')}
        </figcaption>
      )}
    </figure>
  );
}
