import type { Session } from '@rapport/protocol/sessions';
import type { Review } from '@rapport/protocol/supervision';
import { Link } from '@tanstack/react-router';
import { memo, useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { useTranslation } from 'react-i18next';
import { isolated } from '../../lib/ui.tsx';
import { Due, RiskBadge } from './Facts.tsx';
import type { WallStore } from './wallStore.ts';
import type { WallLine } from './wallTile.ts';

interface Props {
  session: Session;
  review: Review | undefined;
  store: WallStore;
}

/** Somewhat more than what is in sight, so that scrolling finds it there. */
const around = '300px';

function useInSight() {
  const box = useRef<HTMLLIElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: around,
    });
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return { box, seen };
}

/** A session on the wall; out of sight it is an empty frame of the same size. */
export const WallTile = memo(function WallTile(props: Props) {
  const { box, seen } = useInSight();
  const { session, review } = props;
  return (
    <li ref={box} className={`tile ${review && review.risk > 1 ? 'urgent' : ''}`}>
      <Link to="/sessions/$id" params={{ id: session.id }}>
        <strong dir="auto">{session.title}</strong>
      </Link>
      {seen && <Inside {...props} />}
    </li>
  );
});

function Inside({ session, review, store }: Props) {
  const { t } = useTranslation();
  const { id } = session;
  const see = useCallback((tell: () => void) => store.see(id, tell), [store, id]);
  const { lines, running } = useSyncExternalStore(see, () => store.tileOf(id));
  const name = {
    client: session.client?.name ?? session.alias ?? t('room.clientName'),
    persona: session.persona.name,
    staff: t('room.team'),
  };
  const held = running?.held ?? review !== undefined;
  return (
    <>
      <span className="small soft">
        {t('review.in', { persona: isolated(name.persona), client: isolated(name.client) })}
      </span>
      <span className="row">
        <span className="badge">{t(`rung.${session.rung}`)}</span>
        {review && <RiskBadge risk={review.risk} />}
        {review && <Due review={review} />}
      </span>
      <div className="lines small">
        {lines.map((line) => (
          <Line key={line.key} line={line} name={name[line.author]} />
        ))}
        {review && !running && <p className="held">{t('wall.waits')}</p>}
        {running && (
          <p className={held ? 'held' : ''} dir="auto">
            <strong>
              <bdi>{name.persona}</bdi>
            </strong>{' '}
            {held && <span className="badge warn">{t('wall.held')}</span>} {running.text}
            <span className="cursor" />
          </p>
        )}
      </div>
    </>
  );
}

const Line = memo(function Line({ line, name }: { line: WallLine; name: string }) {
  return (
    <p dir="auto">
      <strong>
        <bdi>{name}</bdi>
      </strong>{' '}
      {line.text}
    </p>
  );
});
