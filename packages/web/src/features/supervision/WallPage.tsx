import type { Session } from '@rapport/protocol/sessions';
import type { Review } from '@rapport/protocol/supervision';
import { createLive } from '@rapport/sdk/live';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { Empty, Page } from '../../lib/Page.tsx';
import { Failure, Loading } from '../../lib/ui.tsx';
import { restMs, useOpenReviews } from './useOpenReviews.ts';
import { WallStore } from './wallStore.ts';
import { WallTile } from './WallTile.tsx';

/** As many as one connection follows, with room to spare. */
const most = 200;

/** Every running session of the people one looks after, as it goes. */
export function WallPage() {
  const { t } = useTranslation();
  const sessions = useQuery({
    queryKey: ['wall'],
    queryFn: () => api.get<{ items: Session[]; next: string | null }>('/sessions', { status: 'active', limit: most }),
    refetchInterval: restMs,
  });
  const reviews = useOpenReviews();
  const store = useStore(sessions.data?.items);
  const held = useMemo(() => new Map(reviews.data?.items.map((one) => [one.sessionId, one])), [reviews.data]);
  const items = useMemo(() => inOrder(sessions.data?.items ?? [], held), [sessions.data, held]);
  return (
    <Page title={t('wall.title')} hint={t('wall.hint')}>
      <Failure error={sessions.error ?? reviews.error} />
      {sessions.isPending && <Loading />}
      {sessions.isSuccess && items.length === 0 && <Empty title={t('wall.empty')} hint={t('wall.emptyHint')} />}
      {items.length > 0 && (
        <p className="small soft" role="status">
          {t('wall.number', { count: items.length })} {sessions.data?.next && t('wall.newest')}
        </p>
      )}
      {store && (
        <ul className="wall">
          {items.map((session) => (
            <WallTile key={session.id} session={session} review={held.get(session.id)} store={store} />
          ))}
        </ul>
      )}
    </Page>
  );
}

/** One connection for as long as the page is open. */
function useStore(sessions: Session[] | undefined): WallStore | null {
  const [store, setStore] = useState<WallStore | null>(null);
  useEffect(() => {
    const made = new WallStore(api, createLive());
    setStore(made);
    return () => made.close();
  }, []);
  useEffect(() => {
    if (store && sessions) store.follow(sessions);
  }, [store, sessions]);
  return store;
}

const urgency = (review: Review | undefined): number => (review ? review.risk * 2 + (review.overdue ? 1 : 0) : -1);

/** Those with a held reply first, by risk and age; the others as they were begun, so that nothing moves under a pointer. */
const inOrder = (sessions: readonly Session[], held: ReadonlyMap<string, Review>): Session[] =>
  [...sessions].sort((a, b) => {
    const [x, y] = [held.get(a.id), held.get(b.id)];
    return (
      urgency(y) - urgency(x) ||
      (x?.openedAt ?? '').localeCompare(y?.openedAt ?? '') ||
      a.createdAt.localeCompare(b.createdAt) ||
      a.id.localeCompare(b.id)
    );
  });
