import type { Review } from '@rapport/protocol/supervision';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';

export const atOnce = 200;

/** News of changes may be lost, and claims run out without any. Milliseconds. */
export const restMs = 20_000;

/** The head of the queue, as the news of the team have it. */
export const useOpenReviews = () =>
  useQuery({
    queryKey: ['reviews', 'open'],
    queryFn: () => api.get<{ items: Review[]; next: string | null }>('/reviews', { limit: atOnce }),
    refetchInterval: restMs,
    refetchOnWindowFocus: true,
  });
