import type { NewsTopic } from '@rapport/protocol/live';
import { createLive } from '@rapport/sdk/live';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { packsPath } from './usePacks.ts';

/** Beyond every log: the server answers with where its end is, and goes on from there. */
const theEnd = Number.MAX_SAFE_INTEGER;
/** What happens at once is read at once: a list is asked for at most so often. */
const togetherMs = 400;

/** Which lists of the team what happens is read anew for. */
export const lists = {
  reviews: [['reviews']],
  escalations: [['/escalations']],
  sessions: [['wall']],
  rules: [['session'], ['/organisation/supervision'], [packsPath], ['safety'], ['insight'], ['report']],
} as const satisfies Record<NewsTopic | 'rules', readonly (readonly string[])[]>;

/** While this is on the page, the lists of the team follow what happens in the organisation. Null: nobody who may. */
export function useTeamNews(orgId: string | null): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (orgId === null) return;
    const waiting = new Set<keyof typeof lists>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      for (const about of waiting) for (const key of lists[about]) void queries.invalidateQueries({ queryKey: key });
      waiting.clear();
    };
    const changed = (...about: (keyof typeof lists)[]) => {
      about.forEach((one) => waiting.add(one));
      timer ??= setTimeout(flush, togetherMs);
    };
    const live = createLive();
    live.room(orgId, {
      after: theEnd,
      onEvent: () => changed('rules', 'reviews'),
      onNews: (about) => changed(about),
      // Whatever happened while nothing could be heard.
      onSynced: () => changed('reviews', 'escalations', 'sessions', 'rules'),
      onReset: () => {},
      onDelta: () => {},
      onReplyReset: () => {},
      onStatus: () => {},
    });
    return () => {
      clearTimeout(timer);
      live.close();
    };
  }, [orgId, queries]);
}
