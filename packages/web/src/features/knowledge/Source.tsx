import type { Citation } from '@rapport/protocol/sessions';
import { Link } from '@tanstack/react-router';
import { lazy, Suspense, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';

// Nothing of it is needed before somebody points at a source.
const Surroundings = lazy(() => import('./Surroundings.tsx').then((m) => ({ default: m.Surroundings })));

interface Props {
  baseId: string;
  citation: Citation;
}

/** An approved answer is in no document. */
function CuratedSource({ baseId, citation }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <Link to="/knowledge/$id/answers" params={{ id: baseId }}>
        {t('curated.one')}: <bdi>{citation.title}</bdi>
      </Link>
      : “{citation.quote}”
    </>
  );
}

export function Source(props: Props) {
  return props.citation.curated ? <CuratedSource {...props} /> : <DocumentSource {...props} />;
}

/** What was quoted, leading to its place; while it is pointed at or has the focus, what stands around it is shown. */
function DocumentSource({ baseId, citation }: Props) {
  const { documentId, title, quote, start, end } = citation;
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const id = useId();
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    event.stopPropagation();
    setOpen(false);
  };
  return (
    <span
      ref={box}
      className="source"
      onPointerEnter={() => setOpen(true)}
      onPointerLeave={() => setOpen(false)}
      onFocus={() => setOpen(true)}
      onBlur={() => setOpen(false)}
      onKeyDown={onKeyDown}
    >
      <Link
        to="/knowledge/$id/documents/$documentId"
        params={{ id: baseId, documentId }}
        search={{ start, end } as never}
        aria-describedby={open ? id : undefined}
      >
        <bdi>{title}</bdi>
      </Link>
      : “{quote}”
      {open && (
        <Suspense>
          <Surroundings id={id} beside={box} baseId={baseId} citation={citation} />
        </Suspense>
      )}
    </span>
  );
}
