import { QueryClient, type QueryKey } from '@tanstack/react-query';
import { ApiError } from '@rapport/sdk/api';

/** What is wrong with a request does not get better by asking again. */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500;

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: (count, error) => count < 2 && !isRefusal(error) } },
});

/**
 * Reads anew what the server says has changed. A first answer that is still on its way may have been made before the
 * change, and would be kept as the newest: it is awaited, and what it says is asked once more.
 */
export async function readAnew(client: QueryClient, queryKey: QueryKey): Promise<void> {
  const first = client
    .getQueryCache()
    .findAll({ queryKey, fetchStatus: 'fetching' })
    .filter(({ state }) => state.data === undefined);
  await Promise.allSettled(first.flatMap(({ promise }) => promise ?? []));
  await client.invalidateQueries({ queryKey });
}
