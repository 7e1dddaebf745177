import { useInfiniteQuery } from '@tanstack/react-query';
import { api } from './api.ts';

interface List<T> {
  items: T[];
  next: string | null;
}

/** A list of the API, page by page. */
export function usePages<T>(path: string, query: Record<string, string | undefined> = {}) {
  const result = useInfiniteQuery({
    queryKey: [path, query],
    queryFn: ({ pageParam }) => api.get<List<T>>(path, { ...query, cursor: pageParam, limit: 30 }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  return { ...result, items: result.data?.pages.flatMap((page) => page.items) ?? [] };
}
