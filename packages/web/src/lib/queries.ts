import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@rapport/sdk/api';

/** What is wrong with a request does not get better by asking again. */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500;

/**
 * What is told to have changed is asked for anew, also where a first answer is still on its way: that may have been made
 * before the change, and the library would keep it as the newest.
 */
class Queries extends QueryClient {
  override async invalidateQueries(...[filters, options]: Parameters<QueryClient['invalidateQueries']>): Promise<void> {
    const first = this.getQueryCache()
      .findAll({ ...filters, fetchStatus: 'fetching' })
      .filter(({ state }) => state.data === undefined);
    await super.invalidateQueries(filters, options);
    await Promise.all(first.map(({ queryKey }) => super.invalidateQueries({ queryKey, exact: true }, options)));
  }
}

export const queries = new Queries({
  defaultOptions: { queries: { retry: (count, error) => count < 2 && !isRefusal(error) } },
});
