import type { Review } from '@rapport/protocol/supervision';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';

export const atOnce = 200;

/** The head of the queue; asked for again every so many milliseconds while the page is in sight. */
export const useOpenReviews = (everyMs: number, enabled = true) =>
  useQuery({
    queryKey: ['reviews', 'open'],
    queryFn: () => api.get<{ items: Review[]; next: string | null }>('/reviews', { limit: atOnce }),
    refetchInterval: everyMs,
    refetchOnWindowFocus: true,
    enabled,
  });
