import type { Citation } from '@rapport/protocol/sessions';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { formatTime } from '../../lib/ui.tsx';
import { Passages } from '../knowledge/Passages.tsx';
import { SearchBase } from '../knowledge/SearchBase.tsx';
import { Source } from '../knowledge/Source.tsx';
import type { Entry } from './roomState.ts';
import type { SessionBase } from './useSessionBase.ts';

const repliesShown = 5;

interface Props {
  base: SessionBase;
  entries: Entry[];
}

/** The material that the persona answers from, a search in it, and what the last replies were given of it. */
export function KnowledgeSide({ base, entries }: Props) {
  const { t } = useTranslation();
  const cited = entries
    .filter((entry) => entry.kind === 'message')
    .filter(({ citations }) => citations.length > 0)
    .slice(-repliesShown)
    .reverse();
  return (
    <section className="stack" aria-labelledby="knowledge">
      <h2 id="knowledge">{t('room.knowledge')}</h2>
      <p>
        <Link to="/knowledge/$id" params={{ id: base.id }}>
          <bdi>{base.name}</bdi>
        </Link>
      </p>
      <SearchBase baseId={base.id} label={t('room.searchKnowledge')} limit={5}>
        {(passages, query) => <Passages baseId={base.id} query={query} passages={passages} />}
      </SearchBase>
      {cited.map(({ key, at, citations }) => (
        <div key={key} className="small">
          <h3>{t('room.sourcesOf', { time: formatTime(at) })}</h3>
          <Sources baseId={base.id} citations={citations} />
        </div>
      ))}
    </section>
  );
}

const Sources = ({ baseId, citations }: { baseId: string; citations: Citation[] }) => (
  <ol>
    {citations.map((citation) => (
      <li key={`${citation.chunkId}-${citation.start}`}>
        <Source baseId={baseId} citation={citation} />
      </li>
    ))}
  </ol>
);
