import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@rapport/sdk/api';

/** What is wrong with a request does not get better by asking again. */
const isRefusal = (error: unknown): boolean => error instanceof ApiError && error.status >= 400 && error.status < 500;

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: (count, error) => count < 2 && !isRefusal(error) } },
});
