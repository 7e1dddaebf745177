import type { Passage } from '@rapport/protocol/knowledge';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { pieces, rangesOf, type Range } from './highlights.ts';

interface Props {
  baseId: string;
  query: string;
  passages: Passage[];
  /** The figures by which it was found. */
  scores?: boolean;
}

/** Passages with what was asked for marked, each leading to its place in its document. */
export function Passages({ baseId, query, passages, scores = false }: Props) {
  return (
    <ol className="list">
      {passages.map((passage) => (
        <li key={passage.chunkId} className="card passage">
          <Found baseId={baseId} query={query} passage={passage} scores={scores} />
        </li>
      ))}
    </ol>
  );
}

function Found({ baseId, query, passage, scores }: Omit<Props, 'passages'> & { passage: Passage }) {
  const { t } = useTranslation();
  const names = t('knowledge.channel', { returnObjects: true }) as Record<string, string>;
  const { documentId, title, text, headingPath, page, start, end, score, channels, highlights } = passage;
  // What the search itself counted; a rough look where it does not say.
  const ranges = highlights?.map((one): Range => [one.start, one.end]) ?? rangesOf(text, query);
  return (
    <>
      <p className="small">
        {passage.curated ? (
          <Link to="/knowledge/$id/answers" params={{ id: baseId }}>
            {t('curated.one')}: <bdi>{title}</bdi>
          </Link>
        ) : (
          <Link
            to="/knowledge/$id/documents/$documentId"
            params={{ id: baseId, documentId }}
            search={{ start, end } as never}
          >
            <bdi>{title}</bdi>
          </Link>
        )}
        {headingPath.map((heading, index) => (
          <span key={index} className="soft">
            {' '}
            › <bdi>{heading}</bdi>
          </span>
        ))}
        {page !== null && <span className="soft"> · {t('knowledge.page', { page })}</span>}
        {scores && <span className="soft"> · {t('knowledge.score', { score: score.toFixed(2) })}</span>}
        {scores && channels && (
          <span className="soft">
            {' '}
            (
            {Object.entries(channels)
              .filter(([channel]) => !passage.curated || channel === 'curated')
              .map(([channel, value]) => `${names[channel] ?? channel} ${(value ?? 0).toFixed(2)}`)
              .join(', ')}
            )
          </span>
        )}
      </p>
      <blockquote className="quoted" dir="auto">
        {pieces(text, ranges).map(({ text: part, marked }, index) => (marked ? <mark key={index}>{part}</mark> : part))}
      </blockquote>
    </>
  );
}
