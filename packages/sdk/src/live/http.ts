import { LiveError, throwOffline, type Env } from './types.ts';

const transient = /^(rate-limited|unavailable|shutting-down|internal|offline)$/;

/** Whether trying again later may help. */
export function isTransient({ code, status = 0 }: LiveError): boolean {
  return transient.test(code) || [408, 425, 429].includes(status) || status >= 500;
}

/** A request of a room's path. Throws LiveError: `offline` when no answer came, else the code of the problem document. */
export async function request(
  env: Env,
  room: string,
  tail: string,
  init: RequestInit & { headers?: Record<string, string> },
) {
  const token = env.token();
  const headers = { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) };
  const url = `${env.base}/api/v1/rooms/${encodeURIComponent(room)}/${tail}`;
  const response = await env.fetch(url, { cache: 'no-store', ...init, headers }).catch(throwOffline);
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string };
  throw new LiveError(
    problem.code ?? (response.status >= 500 ? 'unavailable' : 'bad-request'),
    problem.detail ?? problem.title ?? '',
    response.status,
  );
}

/** The body as JSON; a body that was cut off counts as no answer. */
export async function json<T>(response: Response): Promise<T> {
  return (await response.json().catch(throwOffline)) as T;
}
